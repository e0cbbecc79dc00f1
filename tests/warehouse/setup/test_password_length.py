"""NIST SP 800-63B: a password has eight characters or more."""

import pytest

from warehouse.connection.errors import PasswordError, UserError
from warehouse.connection.roles import Role
from warehouse.setup.passwords import generate_password, set_password


def test_seven_characters_are_too_few() -> None:
    with pytest.raises(PasswordError, match="too short: expected 8 characters or more"):
        set_password(Role.ANALYST, "letters")


def test_eight_characters_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the server is asked, which is not there."""
    monkeypatch.setenv("SN7_DSN", "host=/nowhere dbname=sn7 connect_timeout=1")
    with pytest.raises(UserError) as caught:
        set_password(Role.ANALYST, "alphabet")
    assert not isinstance(caught.value, PasswordError)


def test_a_generated_password_has_thirty_two_characters_and_is_another_each_time() -> None:
    first, second = generate_password(), generate_password()
    assert len(first) == len(second) == 32
    assert first != second
