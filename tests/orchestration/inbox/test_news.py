"""Looks into an inbox: what is whole is taken once, what is still written is not."""

from orchestration.inbox.news import Look, Sightings, look
from orchestration.inbox.place import Entry

SETTLE = 10.0


def entry(name: str, size: int = 5, version: str = "1") -> Entry:
    return Entry(name, ((f"{name}/labels.csv", size, version),))


def looked(now: float, *entries: Entry, taken: tuple[Entry, ...] = (), before: Look | None) -> Look:
    sightings: Sightings = before.sightings if before else {}
    return look(
        {one.name: one for one in entries},
        {one.name: one.listing for one in taken},
        sightings,
        now=now,
        settle_seconds=SETTLE,
    )


def test_an_entry_is_taken_once_nobody_has_written_to_it_for_long_enough() -> None:
    first = looked(0, entry("a", 5), before=None)
    grown = looked(8, entry("a", 9, "2"), before=first)
    early = looked(17, entry("a", 9, "2"), before=grown)
    late = looked(18, entry("a", 9, "2"), before=early)

    assert [one.steady for one in (first, grown, early, late)] == [(), (), (), ("a",)]
    assert [one.waiting for one in (first, grown, early, late)] == [("a",), ("a",), ("a",), ()]


def test_a_folder_that_gets_another_file_waits_anew() -> None:
    files = (("a/1.csv", 3, "1"), ("a/2.csv", 3, "1"))
    first = looked(0, Entry("a", files[:1]), before=None)
    second = looked(20, Entry("a", files), before=first)

    assert (second.steady, second.waiting) == ((), ("a",))


def test_an_empty_file_is_awaited_however_old_it_is() -> None:
    first = looked(0, entry("a", 0), before=None)

    assert looked(1_000, entry("a", 0), before=first).waiting == ("a",)


def test_what_was_taken_as_it_is_is_no_news() -> None:
    found = looked(0, entry("a"), taken=(entry("a"),), before=None)

    assert found == Look()


def test_what_is_gone_leaves_after_a_while() -> None:
    first = looked(0, entry("b"), taken=(entry("a"), entry("b")), before=None)
    second = looked(11, entry("b"), taken=(entry("a"), entry("b")), before=first)

    assert (first.gone, first.waiting, second.gone) == ((), ("a",), ("a",))


def test_what_comes_back_meanwhile_stays() -> None:
    taken = (entry("a"), entry("b"))
    first = looked(0, entry("b"), taken=taken, before=None)

    assert looked(11, entry("a"), entry("b"), taken=taken, before=first) == Look()


def test_an_empty_inbox_takes_nothing_away() -> None:
    first = looked(0, taken=(entry("a"),), before=None)

    assert looked(1_000, taken=(entry("a"),), before=first) == Look()
