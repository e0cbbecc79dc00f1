"""What Citus does not take, or takes at the price of gathering tables in one place.

Each rule was learned on a cluster (13.2 on PostgreSQL 15, three nodes) from a statement that
failed or took ten times as long. Each returns the offences of a statement, in words. They read
text, so they know less than the planner: ``tests/citus`` asks a cluster itself.
"""

import re
from collections.abc import Iterator

from tests.dbt_project.on_citus.recording import Cluster

LARGE = re.compile(
    r"raw\.(prediction_)?(image_rows|footprint)|scores\.(change|image_match)|partitions\.\w+"
    r"|intermediate\.int_(footprint\w*|building_(lives|absences)|cell_spans)"
    r"|marts\.(fact_chip_observation|fact_cell_month|fact_match|dim_building|dim_footprint)"
)
"""Tables with a row for each observation, polygon, building or cell."""

SMALL_AND_LOCAL = re.compile(
    r"raw\.(image|prediction_image|town|aoi|unusable_area|load_run|rejected_row)"
    r"|scores\.(run|chip_score|chip_part)"
    r"|intermediate\.int_(months|aois|aoi_names|trackers)|pg_\w+"
)
"""What the coordinator may send to every node: a row for each image, mask, AOI or month at most."""

_COMMENT = re.compile(r"(\$dbt_comment_literal_block\$).*?\1", re.DOTALL)
_NAME = re.compile(r'"?\w+"?\."?(\w+)"?\."?(\w+)"?|\b(raw|marts|features|layers|ml)\.(\w+)')
_DDL = re.compile(r"(alter table|alter index|create (unique )?index|drop index)\b")
_WRITING = ("delete", "update", "insert", "with")
_WRITE = re.compile(r"(?:^|\)\s*)(delete from|update|insert into)\s+([\w\".]+)")
_BARE_EXISTS = re.compile(r"exists\s*\(\s*select\s+from\s+([\w\".]+)(?:\s+as\s+(\w+))?")
_OUTER_JOIN = re.compile(
    r"\bfrom\s+(\w+)\b(?:(?!\bfrom\b|\bselect\b).)*?\bleft join\s+(\S+)", re.DOTALL
)
_CTE = re.compile(r"(?:\bwith\b|,)\s*(\w+)\s+as\s+((?:not\s+)?materialized\s+)?\(")


def without_comments(text: str) -> str:
    """Return a statement without its comments and the words within quotes."""
    text = _COMMENT.sub("''", text)
    text = re.sub(r"/\*.*?\*/|--[^\n]*", " ", text, flags=re.DOTALL)
    return re.sub(r"'[^']*'", lambda quoted: quoted[0] if "." in quoted[0] else "''", text)


def commands(text: str) -> list[str]:
    """Return the commands of a string; a block is one."""
    parts, start, place, tag = [], 0, 0, ""
    text = without_comments(text)
    for match in re.finditer(r"\$\w*\$|;", text):
        place = match.end()
        if match[0] != ";":
            tag = "" if match[0] == tag else tag or match[0]
        elif not tag:
            parts.append(text[start : match.start()])
            start = place
    return [part.strip().lower() for part in [*parts, text[start:]] if part.strip()]


def relations(text: str) -> set[str]:
    """Return the tables and views that a statement names, as ``schema.name``."""
    return {
        f"{first or third}.{second or fourth}"
        for first, second, third, fourth in _NAME.findall(text)
    }


def closing(text: str, start: int) -> int:
    """Return the place of the parenthesis that closes the one before ``start``."""
    depth = 1
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return len(text)


def parts_named(text: str) -> dict[str, tuple[str, str]]:
    """Return the CTEs of a statement by name: the word before their body, and the body."""
    return {
        match[1]: ((match[2] or "").strip(), text[match.end() : closing(text, match.end())])
        for match in _CTE.finditer(text)
    }


def several_definitions_in_one_string(text: str) -> Iterator[str]:
    """R1: Citus sends the nodes the whole string that a definition stands in."""
    found = commands(text)
    for place, command in enumerate(found):
        if _DDL.match(command) and len(found) > 1:
            table = relations(command)
            before = found[:place]
            is_new = any(
                each.startswith("create table") and table & relations(each) for each in before
            )
            is_spread = any("create_distributed_table" in each for each in before)
            if not is_new or is_spread:
                yield f"not alone in its string, nor in a block: {command[:90]}"


def renamed_constraints(text: str) -> Iterator[str]:
    """R2: a constraint is renamed by its index."""
    if re.search(r"\brename\s+constraint\b", text.lower()):
        yield "rename constraint"


def mixed_writes(text: str, cluster: Cluster) -> Iterator[str]:
    """R3: a write joins its table to tables that lie as it does; others it gathers before."""
    for command in commands(text):
        match = _WRITE.search(command) if command.startswith(_WRITING) else None
        if match is None:
            continue
        target, tail = match[2], command[match.end() :]
        name = next(iter(relations(target)), target.replace('"', ""))
        kind = cluster.kind(name)
        if match[1] == "insert into":
            if kind != "local" and "__dbt_tmp" in tail:
                yield f"{name} takes rows of a temporary table"
            continue
        if "__dbt_tmp" in tail:
            yield f"{name} is joined to a temporary table"
        for other in sorted(relations(tail)):
            for table in cluster.tables(other):
                if cluster.kind(table) != kind:
                    yield f"{match[1]} {name} ({kind}) names {table} ({cluster.kind(table)})"


def bare_exists(text: str) -> Iterator[str]:
    """R4: who asks whether a table has rows at all selects something of them."""
    plain = without_comments(text).lower()
    for match in _BARE_EXISTS.finditer(plain):
        body = plain[match.end() : closing(plain, match.end())]
        own_name = match[2] or match[1].replace('"', "").split(".")[-1]
        inner = {own_name, *re.findall(r"\bas (\w+)", body)}
        if not set(re.findall(r"\b(\w+)\.\w+", body)) - inner:
            yield f"exists (select from {match[1]}, which names no column of an outer row"


def limited_joins(text: str, reference: set[str]) -> Iterator[str]:
    """R5: no limit that is asked for each row of what is gathered; no outer join onto such."""
    for command in commands(text):
        yield from _limited_joins(command, reference)


def _outermost(text: str) -> str:
    """Return a text without what stands in parentheses."""
    while "(" in text:
        start = text.index("(")
        text = text[:start] + text[closing(text, start + 1) + 1 :]
    return text


def _limited_joins(plain: str, reference: set[str]) -> Iterator[str]:
    named = parts_named(plain)
    gathered = {
        name
        for name, (word, body) in named.items()
        if re.search(r"\blimit\b", _outermost(body))
        or word == "materialized"
        or (not word and len(re.findall(rf"(?:from|join)\s+{name}\b", plain)) > 1)
        or (relations(body) and relations(body) <= reference)
    }
    for match in re.finditer(r"\blateral\s*\(", plain):
        body = plain[match.end() : closing(plain, match.end())]
        outer = set(re.findall(r"\b(\w+)\.\w+", body)) & gathered
        if re.search(r"\blimit\b", body) and outer:
            yield f"limit in a lateral join for each row of {', '.join(sorted(outer))}"
    for match in _OUTER_JOIN.finditer(plain):
        if match[1] in gathered and relations(match[2]) - reference:
            yield f"{match[1]} left join {match[2]}"


def gathered_rows(text: str, cluster: Cluster) -> Iterator[str]:
    """R8: rows of large tables stay where they lie, and what is not there is small."""
    for command in commands(text):
        if not command.startswith("do"):
            yield from _gathered_rows(re.sub(r"'[^']*'", "''", command), cluster)


def _gathered_rows(plain: str, cluster: Cluster) -> Iterator[str]:
    named = parts_named(plain)
    for name, (word, body) in named.items():
        uses = len(re.findall(rf"(?:from|join)\s+{name}\b", plain))
        is_gathered = word == "materialized" or (not word and uses > 1)
        if is_gathered and not re.search(r"\bgroup by\b|\bdistinct\b", body):
            yield from (
                f"{name} gathers {table}"
                for relation in sorted(relations(body))
                for table in sorted(cluster.tables(relation))
                if LARGE.fullmatch(table)
            )


def local_sources(text: str, cluster: Cluster) -> Iterator[str]:
    """R8: what fills a distributed table is distributed too, or small."""
    for command in commands(text):
        match = re.match(r"(create table|insert into)\s+([\w\".]+)", command)
        if match is None:
            continue
        target = next(iter(relations(match[2])), "").replace("__dbt_tmp", "")
        if cluster.kind(target) != "h":
            continue
        if match[1] == "create table" and " as" in command and not command.endswith("with no data"):
            yield f"{target} is filled before it is distributed"
        yield from (
            f"{target} is filled from {table}, which is local"
            for relation in sorted(relations(command[match.end() :]))
            for table in sorted(cluster.tables(relation))
            if cluster.kind(table) == "local" and not SMALL_AND_LOCAL.fullmatch(table)
        )
