"""The two ends that a mail may have here: a call of SendEmail to the sink, or none at all."""

from collections.abc import Sequence

import boto3  # type: ignore[import-untyped]

from benchmarks import corpus
from benchmarks.measure import Side
from digest.aws import ses
from digest.links import Links
from digest.mail.message import Letterhead, Mail, as_bytes
from digest.mail.ses import Ses
from digest.mail.transport import Accepted, Allowance, Outcome
from digest.render import Renderer, Site

REGION = "eu-west-1"
BASE_URL = "https://daybreak.example"
LETTERHEAD = Letterhead(
    sender="Daybreak <daybreak@daybreak.example>",
    reply_to="Daybreak <replies@daybreak.example>",
    site_name="Daybreak",
    base_url=BASE_URL,
)
LINKS = Links(BASE_URL, ["a benchmark's links lead nowhere"], "nor does this one's way out")
RENDERER = Renderer(Site("Daybreak", BASE_URL, "Daybreak, 1 Any Street, 10115 Berlin, Germany"))


class Nowhere:
    """A transport that makes a mail's bytes, keeps the last one's, and sends nothing."""

    def __init__(self) -> None:
        self.last = b""

    def send(self, mail: Mail) -> Outcome:
        self.last = as_bytes(mail, LETTERHEAD, corpus.NOW)
        return Accepted(f"0102019a-{mail.delivery_id:050}")

    def allowance(self) -> Allowance | None:
        return Allowance()

    def close(self) -> None:
        """Nothing is open."""


def ses_transport() -> Ses:
    return Ses(lambda: ses(REGION), LETTERHEAD, lambda: corpus.NOW)


def bare_calls(to: Sequence[str], body: bytes) -> Side:
    """Return calls of boto3's SendEmail with *body*, one for each address, and nothing else."""
    client = boto3.Session().client("sesv2", region_name=REGION)

    def send() -> None:
        for address in to:
            client.send_email(
                Destination={"ToAddresses": [address]}, Content={"Raw": {"Data": body}}
            )

    return Side(send, len(to))
