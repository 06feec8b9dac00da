import hashlib
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import example, given
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer

from digest.errors import BadLink
from digest.links import CONFIRM_LIFETIME, PATHS, Links, Purpose

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
BASE = "https://digest.example.org"
LINKS = Links(BASE, ["n" * 32, "o" * 32], "l" * 32)

EVERY_PURPOSE = pytest.mark.parametrize("purpose", Purpose)


@EVERY_PURPOSE
def test_a_link_leads_to_its_page_below_the_configured_address(purpose: Purpose) -> None:
    url = LINKS.make(purpose, 7, 3)

    base, path, token = url.rsplit("/", 2)

    assert (base, path) == (BASE, PATHS[purpose])
    assert LINKS.read(purpose, token) == (7, 3)


# As they are in people's mails: another salt, another way to sign, and all of them are dead.
@pytest.mark.parametrize(
    ("purpose", "token"),
    [
        (Purpose.CONFIRM, "WzcsM10.av_h4A.h1WI4Yzhq4YEu3hWb8S1PWrJXydJDKvKtdORT_pRKGE"),
        (Purpose.MANAGE, "WzcsM10.av_h4A.O1NXuA-WCDBszJiXYRY-sHj41-2AkAG0VCEBDkx5Ocw"),
        (Purpose.VIEW, "WzcsM10.av_h4A.HCh3aJZXCMTyVcOxAn7ge4HwsCk3qHW9xRC1PjaphCE"),
        (Purpose.RATE, "WzcsM10.av_h4A.4tf_q8EEGdxs2S6wR4NBHH9-ebW3RGXLURlfIYH-N0U"),
        (Purpose.LEAVE, "WzcsM10.av_h4A.K7EkF14qrogTWsehkmPKyhnQUb3PNxgXOkzdiUxQ_QI"),
        (Purpose.CHANGE, "WzcsM10.av_h4A.wEae7nbVEvWw4rBgrPwuQvvuNE0MVthK7UYKZUNpk1Y"),
        (Purpose.UNDO, "WzcsM10.av_h4A.pfGfm1r5kJQ12u4JzzRyHF_o8D9eHPW15rk22JxaaQo"),
        (Purpose.PAUSE, "WzcsM10.av_h4A.jM_YRsdWXwX6zxiaAYVFYOsgROLJi4_-TjIYbdN2ZNw"),
    ],
)
def test_a_link_that_was_mailed_once_goes_on_to_count(purpose: Purpose, token: str) -> None:
    with time_machine.travel(NOW, tick=False):
        assert LINKS.read(purpose, token) == (7, 3)
        assert LINKS.token(purpose, 7, 3) == token


def test_a_code_that_was_mailed_once_goes_on_to_count() -> None:
    code = "4711-eo5ybeuktbgbmvresj6pmqrlta"

    assert LINKS.read_leave_code(code) == 4711
    assert LINKS.leave_code(4711) == code


def test_a_link_is_of_the_first_version_unless_another_is_named() -> None:
    token = LINKS.make(Purpose.LEAVE, 7).rsplit("/", 1)[1]

    assert LINKS.read(Purpose.LEAVE, token) == (7, 0)


@EVERY_PURPOSE
def test_a_token_fits_into_an_address_as_it_is(purpose: Purpose) -> None:
    token = LINKS.token(purpose, 2**62, 10_000)

    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize("read_as", Purpose)
@EVERY_PURPOSE
def test_a_token_serves_its_own_purpose_only(purpose: Purpose, read_as: Purpose) -> None:
    token = LINKS.token(purpose, 7)

    if read_as is purpose:
        assert LINKS.read(read_as, token) == (7, 0)
    else:
        with pytest.raises(BadLink):
            LINKS.read(read_as, token)


@EVERY_PURPOSE
def test_a_token_that_was_changed_anywhere_is_refused(purpose: Purpose) -> None:
    token = LINKS.token(purpose, 7)
    # The last character of a base64 text holds spare bits, so it may differ and mean the same.
    for place in range(len(token) - 1):
        other = "A" if token[place] != "A" else "B"

        with pytest.raises(BadLink):
            LINKS.read(purpose, token[:place] + other + token[place + 1 :])


@EVERY_PURPOSE
@given(st.text(max_size=120))
def test_whatever_stands_in_a_link_is_refused_in_the_same_way(purpose: Purpose, text: str) -> None:
    with pytest.raises(BadLink, match=f"^no valid {purpose} link$"):
        LINKS.read(purpose, text)


@EVERY_PURPOSE
def test_a_key_of_another_installation_signs_nothing_here(purpose: Purpose) -> None:
    stranger = Links(BASE, ["x" * 32], "y" * 32)

    with pytest.raises(BadLink):
        LINKS.read(purpose, stranger.token(purpose, 7))


@pytest.mark.parametrize("payload", [None, [], [1], [1, 2, 3], ["a", 0], {"a": 1}, "text", 7])
def test_a_signed_token_of_another_shape_is_refused(payload: object) -> None:
    token = str(LINKS._serializer(Purpose.MANAGE).dumps(payload))

    with pytest.raises(BadLink):
        LINKS.read(Purpose.MANAGE, token)


def test_a_link_of_the_former_key_still_counts_and_new_ones_are_of_the_new_key() -> None:
    """Row 38."""
    before = Links(BASE, ["o" * 32], "l" * 32)
    after = Links(BASE, ["n" * 32], "l" * 32)

    assert LINKS.read(Purpose.MANAGE, before.token(Purpose.MANAGE, 7)) == (7, 0)
    assert after.read(Purpose.MANAGE, LINKS.token(Purpose.MANAGE, 7)) == (7, 0)


def test_a_link_of_a_key_that_was_dropped_counts_no_more_except_for_leaving() -> None:
    """Row 38."""
    before = Links(BASE, ["d" * 32], "l" * 32)

    with pytest.raises(BadLink):
        LINKS.read(Purpose.MANAGE, before.token(Purpose.MANAGE, 7))
    assert LINKS.read(Purpose.LEAVE, before.token(Purpose.LEAVE, 7)) == (7, 0)


def test_a_confirmation_is_good_for_two_days() -> None:
    with time_machine.travel(NOW, tick=False):
        token = LINKS.token(Purpose.CONFIRM, 7)
    with time_machine.travel(NOW + CONFIRM_LIFETIME, tick=False):
        read = LINKS.read(Purpose.CONFIRM, token)

    assert read == (7, 0)
    with (
        time_machine.travel(NOW + CONFIRM_LIFETIME + timedelta(seconds=1), tick=False),
        pytest.raises(BadLink),
    ):
        LINKS.read(Purpose.CONFIRM, token)


def test_a_change_of_address_is_good_for_two_days_and_its_undoing_for_longer() -> None:
    with time_machine.travel(NOW, tick=False):
        change, undo = LINKS.token(Purpose.CHANGE, 7), LINKS.token(Purpose.UNDO, 7)
    with time_machine.travel(NOW + timedelta(days=9), tick=False):
        assert LINKS.read(Purpose.UNDO, undo) == (7, 0)
        with pytest.raises(BadLink):
            LINKS.read(Purpose.CHANGE, change)


@given(st.integers(1, 10**18 - 1), st.text(max_size=30), st.text(max_size=30))
def test_a_code_to_leave_is_found_in_any_text_that_leaves_it_whole(
    subscriber: int, before: str, after: str
) -> None:
    code = LINKS.leave_code(subscriber)

    assert LINKS.read_leave_code(f"{before} {code} {after}") == subscriber
    assert LINKS.read_leave_code(f"{before} {code.upper()}@{after}") == subscriber


@given(st.integers(0, 44), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_code_that_was_changed_anywhere_is_none(place: int, other: str) -> None:
    code = LINKS.leave_code(10**17)
    changed = code[:place] + other + code[place + 1 :]

    assert LINKS.read_leave_code(changed) is None or changed == code


def test_a_code_outlives_every_key_but_the_one_that_never_changes() -> None:
    after = Links(BASE, ["n" * 32], "l" * 32)
    stranger = Links(BASE, ["o" * 32], "y" * 32)

    assert after.read_leave_code(LINKS.leave_code(7)) == 7
    assert stranger.read_leave_code(LINKS.leave_code(7)) is None


@pytest.mark.parametrize("purpose", [Purpose.MANAGE, Purpose.VIEW, Purpose.RATE, Purpose.LEAVE])
def test_the_other_links_live_on_for_years(purpose: Purpose) -> None:
    with time_machine.travel(NOW, tick=False):
        token = LINKS.token(purpose, 7)

    with time_machine.travel(NOW + timedelta(days=3650), tick=False):
        assert LINKS.read(purpose, token) == (7, 0)


@given(
    reader=st.integers(0, 2**63 - 1),
    delivery=st.integers(1, 10**7),
    version=st.integers(0, 10**9),
)
@example(reader=11111111111, delivery=1, version=0)
@example(reader=111111111111, delivery=1, version=0)
@example(reader=1, delivery=1, version=1111111111111)
def test_tokens_made_together_are_those_that_the_library_makes(
    reader: int, delivery: int, version: int
) -> None:
    own, mail = (Purpose.MANAGE, Purpose.LEAVE), (Purpose.RATE,)

    with time_machine.travel(NOW, tick=False):
        made = LINKS.tokens(
            (reader, version, LINKS.keyed(*own)), (delivery, version, LINKS.keyed(*mail))
        )
        alone = [LINKS.token(purpose, reader, version) for purpose in own]
        library = [
            URLSafeTimedSerializer(
                "l" * 32 if purpose is Purpose.LEAVE else "n" * 32,
                salt=f"daybreak.{purpose}",
                signer_kwargs={"digest_method": hashlib.sha256},
            ).dumps([subject, version])
            for purpose, subject in zip((*own, *mail), (reader, reader, delivery), strict=True)
        ]

    assert made == library
    assert alone == library[:2]
