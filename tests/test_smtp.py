"""Each answer of a relay says whether a mail was sent, and only then is it sent again."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from digest import delivery
from digest.database import Sessions
from digest.delivery import budget
from digest.mail import smtp
from digest.mail.message import as_bytes
from digest.mail.smtp import MailRefused, Smtp
from digest.mail.transport import Accepted, NotSent, Outcome, Reaction, Refused, Unknown
from digest.models import DeliveryState
from tests.relay import CERTIFICATE, HANG_UP, SILENCE, Relay, greeting
from tests.servers import free_port
from tests.test_delivery import due, letters_to, sending_budget, states_of, wait_is_over, write
from tests.test_message import DIGEST, LETTERHEAD, NOW

LATER, STOP = Reaction.LATER, Reaction.STOP
SLOW_DOWN, QUOTA = Reaction.SLOW_DOWN, Reaction.QUOTA
PENDING, UNKNOWN, FAILED = DeliveryState.PENDING, DeliveryState.UNKNOWN, DeliveryState.FAILED

# Resolves to loopback, but is not called so: a relay elsewhere, as far as the product can tell.
ELSEWHERE = "127.1"


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay() as running:
        yield running


@contextmanager
def connected(
    port: int,
    *,
    host: str = "127.0.0.1",
    login: tuple[str, str] = ("", ""),
    tls: bool = False,
    trusted: str | None = None,
    timeout: float = 5.0,
) -> Iterator[Smtp]:
    where = smtp.Relay(host=host, port=port, user=login[0], password=login[1], tls=tls)
    context = ssl.create_default_context(cadata=trusted) if trusted else None
    transport = Smtp(where, LETTERHEAD, lambda: NOW, context=context, timeout=timeout)
    yield transport
    transport.close()


def deliver(sessions: Sessions, transport: Smtp) -> None:
    delivery.deliver(sessions, transport, write, lambda: NOW)


def kind(outcome: Outcome) -> object:
    return outcome.kind if isinstance(outcome, NotSent) else type(outcome)


def test_a_relay_gets_the_mail_byte_for_byte(relay: Relay) -> None:
    mail = replace(DIGEST, text=".\n..\n.hidden\n\nlast")

    with connected(relay.port) as transport:
        outcome = transport.send(mail)

    [received] = relay.received
    assert outcome == Accepted("2.0.0 queued as 1")
    assert (received.sender, received.to) == ("papers@digest.example.org", ["ann@example.org"])
    assert received.raw == as_bytes(mail, LETTERHEAD, NOW)


def test_mails_share_one_connection_that_is_greeted_by_the_site_s_name(relay: Relay) -> None:
    with connected(relay.port) as transport:
        for _ in range(3):
            transport.send(DIGEST)

    assert len(relay.received) == 3
    assert relay.greetings == ["digest.example.org"]


def test_a_site_without_a_name_greets_by_its_address(relay: Relay) -> None:
    where = smtp.Relay(host="127.0.0.1", port=relay.port)
    letterhead = replace(LETTERHEAD, base_url="http://localhost:8000")

    transport = Smtp(where, letterhead, lambda: datetime.now(UTC))
    transport.send(DIGEST)
    transport.close()

    assert relay.greetings == ["[127.0.0.1]"]


def test_a_connection_that_went_stale_is_opened_again(relay: Relay) -> None:
    with connected(relay.port) as transport:
        transport.send(DIGEST)
        relay.hang_up_on_all()

        outcome = transport.send(DIGEST)

    assert isinstance(outcome, Accepted)
    assert len(relay.received) == 2
    assert len(relay.greetings) == 2


@pytest.mark.parametrize(
    ("command", "answer", "expected"),
    [
        ("EHLO", "421 4.3.2 going down", LATER),
        ("EHLO", "554 5.7.1 you again", STOP),
        ("MAIL", "451 4.3.0 try again", LATER),
        ("MAIL", "550 5.7.1 not a sender of ours", STOP),
        ("MAIL", HANG_UP, LATER),
        ("RCPT", "450 4.2.0 greylisted", LATER),
        ("RCPT", "550 5.1.1 no such user", Refused),
        ("RCPT", "530 5.7.0 authentication required", STOP),
        ("RCPT", HANG_UP, LATER),
        ("DATA", "452 4.3.1 disk full", LATER),
        ("DATA", "552 5.3.4 too big", Refused),
        ("DATA", "554 5.7.1 looks like spam", Refused),
        ("DATA", HANG_UP, Unknown),
        ("DATA", "what was that again?", Unknown),
    ],
)
def test_each_answer_of_a_relay_has_its_outcome(
    relay: Relay, command: str, answer: str, expected: object
) -> None:
    """Row 22."""
    relay.answers = {command: answer}

    with connected(relay.port) as transport:
        outcome = transport.send(DIGEST)

    assert kind(outcome) == expected
    assert relay.received == []


@pytest.mark.parametrize(
    ("command", "answer", "expected"),
    [
        # As SES says it by SMTP.
        ("DATA", "454 Throttling failure: Maximum sending rate exceeded.", SLOW_DOWN),
        ("DATA", "454 Throttling failure: Daily message quota exceeded.", QUOTA),
        ("MAIL", "550 5.4.5 Daily user sending limit exceeded", QUOTA),
        ("EHLO", "421 4.7.0 too many connections from you", SLOW_DOWN),
        ("MAIL", "421 4.7.28 unusual rate of mail from you", SLOW_DOWN),
        ("RCPT", "421 4.7.0 slow down, closing connection", SLOW_DOWN),
        ("MAIL", "450 4.7.1 too much mail", SLOW_DOWN),
        # Not about us, or not about too many mails.
        ("RCPT", "450 4.2.1 she is receiving mail at a rate that we do not like", LATER),
        ("DATA", "450 4.2.1 too many mails for this mailbox", LATER),
        ("RCPT", "451 4.7.0 her server says: rate exceeded, daily limit", LATER),
        ("RCPT", "451 4.7.1 greylisted", LATER),
        ("MAIL", "451 4.7.0 try again later", LATER),
        ("DATA", "451 4.3.0 moderate trouble, temporarily", LATER),
        ("RCPT", "552 5.2.2 over quota", Refused),
        ("DATA", "554 5.7.1 too many links in it", Refused),
    ],
)
def test_row_17_and_18_a_relay_that_takes_less_than_we_send_slows_or_rests_all(
    relay: Relay, command: str, answer: str, expected: object
) -> None:
    relay.answers = {command: answer}

    with connected(relay.port) as transport:
        outcome = transport.send(DIGEST)

    assert kind(outcome) == expected
    assert relay.received == []


def test_row_17_what_a_relay_found_too_fast_is_sent_once_and_more_slowly(
    sessions: Sessions, relay: Relay
) -> None:
    due(sessions)
    relay.answers = {"DATA": "454 Throttling failure: Maximum sending rate exceeded."}
    with connected(relay.port) as transport:
        deliver(sessions, transport)
        rate = sending_budget(sessions).rate
        relay.answers = {}
        wait_is_over(sessions)

        deliver(sessions, transport)

    assert rate == pytest.approx(budget.GROUP * 0.8)
    assert states_of(sessions) == [DeliveryState.SENT]
    assert len(relay.received) == 1


def test_row_20_three_domains_that_a_relay_refuses_stop_sending_and_nobody_loses_a_mail(
    sessions: Sessions, relay: Relay
) -> None:
    due(sessions, 3)
    relay.answers = {"DATA": "554 5.7.1 not from you"}

    with connected(relay.port) as transport:
        delivery.deliver(sessions, transport, letters_to("a.org", "b.org", "c.org"), lambda: NOW)

    assert states_of(sessions) == [PENDING] * 3
    assert sending_budget(sessions).stopped_at


FAULTS = [
    # command, what the relay does, what becomes of the delivery and how often the dot was seen
    ("MAIL", "451 4.3.0 try again", (PENDING, 0)),
    ("MAIL", HANG_UP, (PENDING, 0)),
    ("RCPT", "450 4.2.0 greylisted", (PENDING, 0)),
    ("RCPT", "550 5.1.1 no such user", (FAILED, 0)),
    ("RCPT", HANG_UP, (PENDING, 0)),
    ("DATA", HANG_UP, (UNKNOWN, 1)),
    ("DATA", SILENCE, (UNKNOWN, 1)),
    ("DATA", "what was that again?", (UNKNOWN, 1)),
    ("DATA", "421 4.3.2 going down", (PENDING, 1)),
    ("DATA", "452 4.3.1 disk full", (PENDING, 1)),
    ("DATA", "554 5.7.1 looks like spam", (FAILED, 1)),
]


@pytest.mark.parametrize(("command", "does", "ends"), FAULTS)
def test_a_fault_costs_one_request_and_nothing_is_tried_twice(
    sessions: Sessions, relay: Relay, command: str, does: str, ends: tuple[DeliveryState, int]
) -> None:
    """Rows 3 and 22."""
    # Faults 3 and 22 of SMTP: what passed the final dot unanswered is never sent again.
    due(sessions)
    relay.answers = {command: does}

    with connected(relay.port, timeout=0.5) as transport:
        deliver(sessions, transport)
        deliver(sessions, transport)

    [state] = states_of(sessions)
    assert (state, relay.offered) == ends
    assert relay.begun == 1


def test_what_a_relay_put_off_is_sent_once_when_its_time_has_come(
    sessions: Sessions, relay: Relay
) -> None:
    due(sessions)
    relay.answers = {"DATA": "451 4.3.0 try again"}

    with connected(relay.port) as transport:
        deliver(sessions, transport)
        relay.answers = {}
        wait_is_over(sessions)
        deliver(sessions, transport)

    assert states_of(sessions) == [DeliveryState.SENT]
    assert len(relay.received) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "nobody.invalid"])
def test_a_relay_that_cannot_be_reached_leaves_the_delivery_pending(
    sessions: Sessions, host: str
) -> None:
    """Row 4."""
    # Fault 4: connection refused, and a name that there is not.
    due(sessions)

    with connected(free_port(), host=host) as transport:
        deliver(sessions, transport)

    assert states_of(sessions) == [PENDING]


def test_a_relay_that_lets_nobody_in_stops_everything(sessions: Sessions) -> None:
    # Fault 19.
    due(sessions, 3)

    with (
        Relay(login=("ann", "secret")) as relay,
        connected(relay.port, login=("ann", "guess")) as transport,
    ):
        deliver(sessions, transport)

    assert states_of(sessions) == [PENDING] * 3
    assert len(relay.greetings) == 1
    assert sending_budget(sessions).stopped_at


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", ["450 later", "550 never", HANG_UP])
def test_one_refused_mail_does_not_spoil_the_next(relay: Relay, command: str, answer: str) -> None:
    with connected(relay.port) as transport:
        relay.answers = {command: answer}
        transport.send(DIGEST)
        relay.answers = {}

        outcome = transport.send(DIGEST)

    assert isinstance(outcome, Accepted)
    assert [received.to for received in relay.received] == [["ann@example.org"]]


def test_a_refused_recipient_does_not_cost_the_connection(relay: Relay) -> None:
    with connected(relay.port) as transport:
        relay.answers = {"RCPT": "550 5.1.1 no such user"}
        transport.send(DIGEST)
        relay.answers = {}
        transport.send(DIGEST)

    assert len(relay.received) == 1
    assert len(relay.greetings) == 1


def test_where_nobody_listens_nothing_is_sent() -> None:
    """Row 4."""
    with connected(free_port()) as transport:
        outcome = transport.send(DIGEST)

    assert kind(outcome) == LATER


@pytest.mark.parametrize(
    ("words", "expected"),
    [(b"554 5.7.1 blocked\r\n", STOP), (b"421 4.7.0 busy\r\n", LATER), (b"SSH-2.0\r\n", LATER)],
)
def test_the_greeting_of_a_relay_has_its_outcome(words: bytes, expected: Reaction) -> None:
    with greeting(words) as port, connected(port) as transport:
        outcome = transport.send(DIGEST)

    assert kind(outcome) == expected


def test_a_relay_that_says_nothing_is_tried_again_later() -> None:
    silent = smtp.Relay(host="127.0.0.1", port=0)
    with greeting(b"") as port:
        transport = Smtp(replace(silent, port=port), LETTERHEAD, lambda: NOW, timeout=0.2)
        outcome = transport.send(DIGEST)

    assert kind(outcome) == LATER


def test_starttls_is_used_where_it_is_offered() -> None:
    with Relay(starttls=True, login=("ann", "secret")) as relay:
        with connected(
            relay.port, host=ELSEWHERE, login=("ann", "secret"), trusted=CERTIFICATE
        ) as transport:
            refused = transport.send(DIGEST)
        with connected(relay.port, login=("ann", "secret"), trusted=CERTIFICATE) as transport:
            accepted = transport.send(DIGEST)

    # The certificate is for 127.0.0.1: under another name the relay is not who it says.
    assert kind(refused) == STOP
    assert isinstance(accepted, Accepted)
    assert relay.logins == [("ann", "secret")]


def test_smtps_encrypts_from_the_first_byte() -> None:
    with Relay(tls=True) as relay, connected(relay.port, tls=True) as transport:
        outcome = transport.send(DIGEST)

    assert isinstance(outcome, Accepted)
    assert len(relay.received) == 1


def test_a_certificate_that_nobody_vouches_for_stops_everything() -> None:
    context = ssl.create_default_context()
    with Relay(tls=True) as relay:
        where = smtp.Relay(host="127.0.0.1", port=relay.port, tls=True)
        outcome = Smtp(where, LETTERHEAD, lambda: NOW, context=context).send(DIGEST)

    assert kind(outcome) == STOP
    assert relay.received == []


def test_a_password_is_not_shown_to_the_network() -> None:
    with (
        Relay(login=("ann", "secret")) as relay,
        connected(relay.port, host=ELSEWHERE, login=("ann", "secret")) as transport,
    ):
        outcome = transport.send(DIGEST)

    assert kind(outcome) == STOP
    assert relay.logins == []
    assert relay.received == []


def test_a_wrong_password_stops_everything() -> None:
    """Row 19."""
    with (
        Relay(login=("ann", "secret")) as relay,
        connected(relay.port, login=("ann", "guess")) as transport,
    ):
        outcome = transport.send(DIGEST)

    assert kind(outcome) == STOP
    assert "guess" not in str(outcome)
    assert relay.received == []


def test_a_relay_without_logins_stops_who_has_one(relay: Relay) -> None:
    with connected(relay.port, login=("ann", "secret")) as transport:
        outcome = transport.send(DIGEST)

    assert kind(outcome) == STOP


def test_what_a_relay_says_is_kept_without_the_reader_s_address(relay: Relay) -> None:
    relay.answers = {"RCPT": "550 5.1.1 <ann@example.org>: no such user"}

    with connected(relay.port) as transport:
        outcome = transport.send(DIGEST)

    assert outcome == Refused("550 5.1.1 <(address)>: no such user")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (smtplib.SMTPException("?"), LATER),
        (smtplib.SMTPNotSupportedError("no AUTH"), STOP),
        (smtplib.SMTPServerDisconnected("gone"), LATER),
        (smtplib.SMTPResponseException(454, b"TLS not now"), LATER),
        (smtplib.SMTPResponseException(501, b"no TLS"), STOP),
        (smtplib.SMTPSenderRefused(553, b"no", "a@x.org"), STOP),
        (smtplib.SMTPConnectError(421, "busy"), LATER),
        (smtplib.SMTPHeloError(504, b"no"), STOP),
        (smtplib.SMTPAuthenticationError(535, b"no"), STOP),
        (smtplib.SMTPAuthenticationError(454, b"later"), LATER),
        (MailRefused(550, b"no"), Refused),
        (MailRefused(451, b"later"), LATER),
        (MailRefused(535, b"log in"), STOP),
        (MailRefused(550, b"5.7.1 Relaying denied"), STOP),
        (MailRefused(554, b"5.7.1 <ann@example.org>: Relay access denied"), STOP),
        (MailRefused(550, b"5.7.54 SMTP; Unable to relay."), STOP),
        # Anybody can subscribe these, and would stop the service by it.
        (MailRefused(550, b"5.1.2 <x@relay.example>: Domain not found"), Refused),
        (MailRefused(550, b"5.1.1 <relay@x.example>: no such user"), Refused),
        (MailRefused(550, b"5.1.2 mail.relay.example: Host unknown"), Refused),
        (MailRefused(550, b"5.1.2 relay.example: Host unknown"), Refused),
        (MailRefused(550, b"5.1.2 relay-x.example: Host unknown"), Refused),
        (MailRefused(550, b"5.1.2 x.relay: Host unknown"), Refused),
        (MailRefused(-1, b"?"), LATER),
        (smtplib.SMTPResponseException(-1, b"?"), LATER),
        (ConnectionRefusedError(), LATER),
        (ConnectionResetError(), LATER),
        (TimeoutError(), LATER),
        (socket.gaierror(-2, "Name or service not known"), LATER),
        (ssl.SSLError("handshake"), LATER),
        (ssl.SSLCertVerificationError("self-made"), STOP),
    ],
)
def test_each_foreign_error_has_its_outcome(error: OSError, expected: object) -> None:
    assert kind(smtp.outcome_of(error)) == expected
