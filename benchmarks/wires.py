"""Ways of calling SES that the service does not take, beside the one that it takes."""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.policy import default
from statistics import median
from typing import Any

from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from botocore.httpsession import URLLib3Session  # type: ignore[import-untyped]

from benchmarks.measure import MICROSECONDS, Figure, Side, Sizes, interleaved, ratio
from benchmarks.sink import MOST_ENTRIES
from benchmarks.stores import address
from benchmarks.wire import REGION
from digest.aws import ses

MOST_BYTES = 1_000_000
"""Of the input of a bulk call, as JSON."""

TEMPLATE = {"Subject": "{{s}}", "Html": "{{{h}}}", "Text": "{{{t}}}"}


def figures(sizes: Sizes, url: str, body: bytes, bare: Side) -> Iterator[Figure]:
    """Yield what each way costs a mail with the bytes *body*, as calls to the sink at *url*."""
    to = [address(number) for number in range(1, sizes.mails + 1)]
    entries = _entries(body, to)
    bulk = f"SendBulkEmail, {len(entries)} mails a call"
    sides = {
        "SendEmail, botocore's signer and pool alone": _signed(url, to, body),
        bulk: _bulk(entries),
        f"{bulk}, put in": _bulk_put_in(entries),
    }
    *took, sends = interleaved(sizes.rounds, *sides.values(), bare)
    for name, seconds in zip(sides, took, strict=True):
        yield Figure(f"{name}: a mail", median(seconds) * MICROSECONDS, "us")
        yield Figure(f"{name} / bare SendEmail", ratio(seconds, sends), "ratio")


def _raw(to: str, encoded: str) -> bytes:
    """Return the input of SendEmail as its serialiser would write it."""
    words = json.dumps({"Destination": {"ToAddresses": [to]}})
    return f'{words[:-1]}, "Content": {{"Raw": {{"Data": "{encoded}"}}}}}}'.encode()


def _signed(url: str, to: Sequence[str], body: bytes) -> Side:
    signer = SigV4Auth(Credentials("none", "none"), "ses", REGION)
    session = URLLib3Session()

    def send() -> None:
        for each in to:
            request = AWSRequest(
                "POST",
                f"{url}/v2/email/outbound-emails",
                {"Content-Type": "application/json"},
                _raw(each, b64encode(body).decode()),
            )
            signer.add_auth(request)
            answer = session.send(request.prepare())
            if answer.status_code != 200 or not json.loads(answer.content)["MessageId"]:
                raise RuntimeError(f"the sink answered {answer.status_code}")

    return Side(send, len(to))


def _entries(body: bytes, to: Sequence[str]) -> list[dict[str, Any]]:
    """Return as many mails like *body* as one bulk call may take."""
    mail = message_from_bytes(body, policy=default)
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html  # noqa: S101  a digest has both
    assert text  # noqa: S101
    words = {"s": str(mail["Subject"]), "h": html.get_content(), "t": text.get_content()}
    made = [_entry(each, words) for each in to]
    longest = max(len(json.dumps(entry)) + 2 for entry in made)
    return made[: min(MOST_ENTRIES, MOST_BYTES // longest)]


def _entry(to: str, words: dict[str, str]) -> dict[str, Any]:
    template = {"ReplacementTemplateData": json.dumps(words)}
    return {
        "Destination": {"ToAddresses": [to]},
        "ReplacementEmailContent": {"ReplacementTemplate": template},
    }


def _bulk(entries: Sequence[dict[str, Any]]) -> Side:
    client: Any = ses(REGION)
    content = {"Template": {"TemplateContent": TEMPLATE, "TemplateData": "{}"}}

    def send() -> None:
        answer = client.send_bulk_email(DefaultContent=content, BulkEmailEntries=entries)
        _expect(answer, entries)

    return Side(send, len(entries))


def _bulk_put_in(entries: Sequence[dict[str, Any]]) -> Side:
    client: Any = ses(REGION)
    # Twice escaped, as fragments could be once an edition: only joined for each call.
    made = [json.dumps(entry).encode() for entry in entries]
    template = json.dumps({"Template": {"TemplateContent": TEMPLATE, "TemplateData": "{}"}})
    head = f'{{"DefaultContent": {template}, "BulkEmailEntries": ['.encode()
    client.meta.events.register(
        "before-call.sesv2.SendBulkEmail",
        lambda params, **_: params.update(body=head + b",".join(made) + b"]}"),
    )

    def send() -> None:
        answer = client.send_bulk_email(DefaultContent={}, BulkEmailEntries=[])
        _expect(answer, entries)

    return Side(send, len(entries))


def _expect(answer: Any, entries: Sequence[object]) -> None:  # noqa: ANN401  of boto3
    if len(answer["BulkEmailEntryResults"]) != len(entries):
        raise RuntimeError("the sink answered for other mails than those sent")
