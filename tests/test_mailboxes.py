"""A mailbox is one address, with or without a name, or it is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import mailboxes

names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("ann@example.org", "", "ann@example.org"),
        (" <ann@example.org> ", "", "ann@example.org"),
        ("Ann <ann@example.org>", "Ann", "ann@example.org"),
        ("Dr. Ann (Berlin) <ann@example.org>", "Dr. Ann (Berlin)", "ann@example.org"),
        ('"Ann, Bo" <ann@example.org>', "Ann, Bo", "ann@example.org"),
        ("Zoë <zoe@example.org>", "Zoë", "zoe@example.org"),
    ],
)
def test_name_and_address_are_told_apart(text: str, name: str, address: str) -> None:
    assert mailboxes.split(text) == (name, address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ann",
        "a b@example.org",
        "Ann <a b@example.org>",
        "a@example.org, b@example.org",
        "a@example.org b <b@example.org>",
        "Ann <a@example.org>, Bo <b@example.org>",
        "Ann, Bo <ann@example.org>",
        "Ann <zoë@example.org>",
        "ann@example.org\nBcc: bo@example.org",
        '"Ann" Bo <ann@example.org>',
    ],
)
def test_what_is_not_one_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"one ASCII address|do not belong here"):
        mailboxes.split(text)


@given(names)
def test_any_name_survives(name: str) -> None:
    assert mailboxes.split(mailboxes.joined(name, "ann@example.org")) == (name, "ann@example.org")
