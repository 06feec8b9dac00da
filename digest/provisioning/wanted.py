"""What is wanted: the names of everything that an installation has at AWS."""

import re
from dataclasses import dataclass

from digest.errors import BadInput
from digest.mail.opening import REGION

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,50}")
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?=.{{1,200}}$)({_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")
_MAILBOX = re.compile(r"[A-Za-z0-9._+-]{1,64}@(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one installation sends with; *mail_from* is None where whichever there is may stay."""

    domain: str
    region: str
    name: str = "daybreak"
    mail_from: str | None = None
    reports_to: str = ""
    account: str = ""
    """Twelve digits, as the credentials tell."""
    partition: str = "aws"

    @property
    def told_by_dmarc(self) -> str:
        """Who reads DMARC's reports."""
        return self.reports_to or f"dmarc@{self.domain}"

    @property
    def topic(self) -> str:
        return f"{self.name}-events"

    @property
    def queue(self) -> str:
        return f"{self.name}-events"

    @property
    def dead_letters(self) -> str:
        return f"{self.name}-events-dead"

    @property
    def topic_arn(self) -> str:
        return self._arn("sns", self.topic)

    @property
    def queue_arn(self) -> str:
        return self._arn("sqs", self.queue)

    @property
    def dead_letters_arn(self) -> str:
        return self._arn("sqs", self.dead_letters)

    @property
    def configuration_set_arn(self) -> str:
        return self._arn("ses", f"configuration-set/{self.name}")

    def queue_url(self, queue: str) -> str:
        top = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        return f"https://sqs.{self.region}.{top}/{self.account}/{queue}"

    def _arn(self, service: str, name: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{name}"


def wanted(
    domain: str, region: str, name: str = "daybreak", mail_from: str = "", reports_to: str = ""
) -> Wanted:
    """
    Return what *domain* needs in *region*.

    Raises:
        BadInput: one of them is no such name; the message says what to write instead.

    """
    domain = checked_domain(domain, "--domain")
    if not REGION.fullmatch(region):
        raise BadInput(f"--region: {region[:40]!r} is no region; write one such as eu-west-1.")
    if not NAME.fullmatch(name):
        raise BadInput(f"--name: {name[:60]!r}: letters, digits, _ and -, at most 51 of them.")
    return Wanted(
        domain=domain,
        region=region,
        name=name,
        mail_from=_below(domain, mail_from) if mail_from else None,
        reports_to=_mailbox(reports_to) if reports_to else "",
    )


def checked_domain(text: str, option: str) -> str:
    """
    Return the domain in *text* in small ASCII letters.

    Raises:
        BadInput: it is none.

    """
    try:
        domain = text.strip().rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        domain = ""
    if not DOMAIN.fullmatch(domain):
        raise BadInput(f"{option}: {text[:80]!r} is no domain; write one such as example.org.")
    return domain


def _below(domain: str, text: str) -> str:
    found = checked_domain(text, "--mail-from")
    if not found.endswith(f".{domain}"):
        raise BadInput(f"--mail-from: {found} is not below {domain}; write mail.{domain}.")
    return found


def _mailbox(text: str) -> str:
    found = _MAILBOX.fullmatch(text)
    if found is None:
        raise BadInput(f"--reports-to: {text[:80]!r} is no address; write dmarc@example.org.")
    checked_domain(found[1], "--reports-to")
    return text
