"""A mail reads on the other side as it was written here, whatever it holds."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.mail.message import Letterhead, Mail, as_bytes, envelope

NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
LETTERHEAD = Letterhead(
    sender="Daybreak <papers@digest.example.org>",
    reply_to="Mira Ober <mira@example.org>",
    site_name="Daybreak",
    base_url="https://digest.example.org",
)
TOKEN = "WzQyLDBd.aR8x7Q." + 180 * "k"
DIGEST = Mail(
    to="ann@example.org",
    subject="Sparse attention is enough, and 9 more",
    html="<p>Ten papers</p>",
    text="Ten papers\n",
    delivery_id=42,
    kind="digest",
    unsubscribe_url=f"https://digest.example.org/unsubscribe/{TOKEN}",
    help_url=f"https://digest.example.org/preferences/{TOKEN}",
)
CONFIRMATION = replace(DIGEST, kind="confirmation", unsubscribe_url=None, help_url=None)

BREAKS = [*map(chr, range(0x20)), "\x7f", *map(chr, range(0x80, 0xA0)), "\u2028", "\u2029"]
header_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=BREAKS))
body_text = st.text(st.characters(exclude_categories=["Cs"]))


def parsed(mail: Mail, letterhead: Letterhead = LETTERHEAD) -> EmailMessage:
    message = message_from_bytes(as_bytes(mail, letterhead, NOW), policy=SMTP)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert isinstance(part, EmailMessage)
    assert not part.defects
    return lines(part.get_content())


def lines(text: str) -> str:
    """Mail keeps the lines, not how they ended, and it always ends the last one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else f"{text}\n"


def header(raw: bytes, name: str) -> str:
    """The value as RFC 5322 unfolds it; the standard library's own parser loses spaces."""
    head = raw.split(b"\r\n\r\n")[0].decode("ascii").replace("\r\n ", " ")
    [value] = [line for line in head.split("\r\n") if line.startswith(f"{name}: ")]
    return value.removeprefix(f"{name}: ")


def decoded(words: str) -> str:
    return str(make_header(decode_header(words)))


def raw_headers(mail: Mail) -> list[str]:
    return as_bytes(mail, LETTERHEAD, NOW).split(b"\r\n\r\n")[0].decode("ascii").split("\r\n")


def message_id(mail: Mail, letterhead: Letterhead = LETTERHEAD) -> str:
    return header(as_bytes(mail, letterhead, NOW), "Message-ID")


@given(subject=header_text, html=body_text, text=body_text)
@example(subject="=?utf-8?q?Free_money?=", html="\r.\r\n..\n.", text="From me\nFrom you\n.\n")
@example(subject="  two  spaces ", html="--=_daybreak--\r\n", text="\r\n--=_daybreak\r\n\r\n")
@example(subject="\N{HORIZONTAL ELLIPSIS} and 8 more", html="Ång\x85ström\x0b\x0c\x1c", text="\0")
@example(subject="Is it so? =_?= \N{MIDDLE DOT} and 8 more", html="=", text="=\n")
@example(subject=f"{'?' * 50}é", html="", text="")
@example(subject="A" * 70 + " z", html="", text="")
@example(subject="A" * 76 + " z", html="", text="")
@example(subject="word" * 300, html="<b>" * 400, text=" \n\t\n " * 40)
@example(subject="\N{DNA DOUBLE HELIX}" * 90, html="\N{DNA DOUBLE HELIX}" * 300, text="=" * 99)
def test_hostile_contents_come_back_as_they_were(subject: str, html: str, text: str) -> None:
    mail = replace(DIGEST, subject=subject, html=html, text=text)

    raw = as_bytes(mail, LETTERHEAD, NOW)
    message = parsed(mail)

    assert decoded(header(raw, "Subject")) == subject
    assert body(message, "html") == lines(html)
    assert body(message, "plain") == lines(text)
    assert message["List-Unsubscribe"] == f"<{mail.unsubscribe_url}>"


@given(subject=header_text, html=body_text, text=body_text)
def test_lines_stay_within_the_limits_and_end_in_crlf(subject: str, html: str, text: str) -> None:
    mail = replace(CONFIRMATION, subject=subject, html=html, text=text)

    raw = as_bytes(mail, LETTERHEAD, NOW)

    assert raw.isascii()
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 78


def test_the_same_mail_at_the_same_moment_is_the_same_bytes() -> None:
    assert as_bytes(DIGEST, LETTERHEAD, NOW) == as_bytes(DIGEST, LETTERHEAD, NOW)


def test_a_digest_carries_the_headers_of_a_list() -> None:
    message = parsed(DIGEST)

    assert {name: str(value) for name, value in message.items()} == {
        "From": "Daybreak <papers@digest.example.org>",
        "To": "ann@example.org",
        "Reply-To": "Mira Ober <mira@example.org>",
        "Subject": "Sparse attention is enough, and 9 more",
        "Date": "Fri, 20 Nov 2026 06:30:00 +0000",
        "Message-ID": message_id(DIGEST),
        "List-Unsubscribe": f"<https://digest.example.org/unsubscribe/{TOKEN}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "Daybreak <daily.digest.example.org>",
        "List-Help": f"<https://digest.example.org/preferences/{TOKEN}>",
        "List-Owner": "<mailto:mira@example.org>",
        "Auto-Submitted": "auto-generated",
        "Feedback-ID": "digest:digest.example.org:daybreak",
        "X-Daybreak-Delivery": "42",
        "Content-Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": 'multipart/alternative; boundary="=_daybreak"',
    }


def test_a_confirmation_belongs_to_no_list() -> None:
    message = parsed(CONFIRMATION)

    assert not [name for name in message.keys() if name.startswith("List-")]  # noqa: SIM118
    assert message["Feedback-ID"] == "confirmation:digest.example.org:daybreak"


def test_text_comes_before_html_so_that_readers_show_the_html() -> None:
    parts = list(parsed(DIGEST).iter_parts())

    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part.get_content_charset() for part in parts] == ["utf-8", "utf-8"]


def test_the_longest_unsubscribe_link_is_one_line_as_it_stands() -> None:
    url = f"https://digest.example.org/unsubscribe/{'k' * 860}"

    found = raw_headers(replace(DIGEST, unsubscribe_url=url))

    assert f"List-Unsubscribe: <{url}>" in found
    assert max(map(len, found)) <= 998


def test_a_second_way_out_stands_on_a_line_of_its_own() -> None:
    mail = replace(DIGEST, unsubscribe_mailto="mailto:out@example.org?subject=unsubscribe%207-a")

    raw = as_bytes(mail, LETTERHEAD, NOW)

    assert parsed(mail)["List-Unsubscribe"] == (
        f"<{DIGEST.unsubscribe_url}>, <mailto:out@example.org?subject=unsubscribe%207-a>"
    )
    assert b",\r\n <mailto:" in raw
    assert parsed(mail)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("url", ["out@example.org", "mailto:a b", "mailto:>\r\nX: y", "mailto:"])
def test_a_second_way_out_is_an_address_of_mail(url: str) -> None:
    with pytest.raises(ValueError, match="unsubscribe_mailto"):
        replace(DIGEST, unsubscribe_mailto=url)


@pytest.mark.parametrize("trick", ["\r\nBcc: eve@example.org", "\n", "\r", "\0", "\x85", "\u2028"])
@pytest.mark.parametrize("field", ["to", "subject", "kind", "lang", "unsubscribe_url", "help_url"])
def test_nothing_breaks_out_of_a_header(field: str, trick: str) -> None:
    text = f"{getattr(DIGEST, field)}{trick}"

    with pytest.raises(ValueError, match=field):
        replace(DIGEST, **{field: text})  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "Ann", "a b@x.org", "a@x.org, b@x.org", "A <å@x.org>"])
@pytest.mark.parametrize("field", ["sender", "reply_to"])
def test_a_mail_comes_from_one_address(field: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"{field}: it holds not exactly one ASCII address"):
        replace(LETTERHEAD, **{field: text})


@pytest.mark.parametrize("trick", ["\r\nBcc: eve@example.org", "\n", "\0"])
@pytest.mark.parametrize("field", ["sender", "reply_to", "site_name"])
def test_nothing_breaks_out_of_the_letterhead(field: str, trick: str) -> None:
    text = f"{getattr(LETTERHEAD, field)}{trick}"

    with pytest.raises(ValueError, match=field):
        replace(LETTERHEAD, **{field: text})


@pytest.mark.parametrize(
    "address", ["", "ann", "ann@", "a@x.org, b@x.org", "Ann <a@x.org>", "å@x.org", "a@b@c", "a b@c"]
)
def test_a_mail_goes_to_one_bare_address(address: str) -> None:
    with pytest.raises(ValueError, match="to"):
        replace(DIGEST, to=address)


@pytest.mark.parametrize("url", ["", "javascript:x", "https://x y", "https://x>,<https://y", "//x"])
def test_an_unsubscribe_link_is_one_address_of_the_web(url: str) -> None:
    with pytest.raises(ValueError, match="unsubscribe_url"):
        replace(DIGEST, unsubscribe_url=url)


def test_a_refusal_does_not_repeat_the_address() -> None:
    with pytest.raises(ValueError, match="to") as refused:
        replace(DIGEST, to="ann@example.org, eve@example.org")

    assert "example.org" not in str(refused.value)


@pytest.mark.parametrize(
    "name", ["Daybreak", "Tägliche Blätter", "夜明け" * 13, 'O"Neil, and (sons)', "=?utf-8?q?Eve?="]
)
def test_any_name_of_a_sender_survives(name: str) -> None:
    letterhead = replace(
        LETTERHEAD, sender=f'"{name.replace(chr(34), chr(92) + chr(34))}" <d@example.org>'
    )

    sender = header(as_bytes(DIGEST, letterhead, NOW), "From")

    shown, address = parseaddr(sender)
    assert (decoded(shown), address) == (name, "d@example.org")


@pytest.mark.parametrize("name", ["Tägliche Blätter", "夜明け" * 13])
def test_any_name_of_a_site_survives_in_the_id_of_the_list(name: str) -> None:
    identity = header(as_bytes(DIGEST, replace(LETTERHEAD, site_name=name), NOW), "List-Id")

    shown, bare = parseaddr(identity)
    assert (decoded(shown), bare) == (name, "daily.digest.example.org")


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://Digest.example.org:8443/papers", "digest.example.org"),
        ("http://127.0.0.1:8000", "[127.0.0.1]"),
        ("http://[::1]:8000", "localhost"),
        ("https://bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_the_message_id_names_the_delivery_and_the_site(base_url: str, host: str) -> None:
    found = message_id(DIGEST, replace(LETTERHEAD, base_url=base_url))

    assert re.fullmatch(rf"<daybreak\.42\.[0-9a-f]{{12}}@{re.escape(host)}>", found)


@pytest.mark.parametrize(
    "other",
    [
        replace(DIGEST, to="bo@example.org"),
        replace(DIGEST, kind="link"),
        replace(DIGEST, decided_at=NOW),
    ],
)
def test_another_database_s_mail_of_the_same_number_has_another_id(other: Mail) -> None:
    assert message_id(other) != message_id(DIGEST)


def test_a_delivery_that_is_composed_again_keeps_its_id() -> None:
    again = replace(DIGEST, subject="Another paper, and 9 more", html="<p>Other</p>", text="Other")

    assert message_id(again) == message_id(DIGEST)


def test_a_body_that_is_encoded_already_goes_out_as_it_is() -> None:
    top, between, end = envelope()
    body = (top, b"Ten=\r\n", b" papers\r\n", between, b"<p>Ten papers</p>\r\n", end)

    ready = replace(DIGEST, html="", text="", body=body)

    assert as_bytes(ready, LETTERHEAD, NOW).endswith(b"".join(body))
    assert parsed(ready).items() == parsed(DIGEST).items()
    assert body_of(ready) == body_of(DIGEST)


def body_of(mail: Mail) -> list[str]:
    return [body(parsed(mail), subtype) for subtype in ("plain", "html")]
