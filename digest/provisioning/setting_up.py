"""Setting up: everything that SES needs for a domain, in an order in which each part works."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.dns import key_name
from digest.errors import FetchError
from digest.provisioning import hearing, sending
from digest.provisioning.account import Clients, asking, found
from digest.provisioning.step import Hand, Step
from digest.provisioning.wanted import Wanted

_CALLER = re.compile(r"arn:(aws[a-z-]*):[a-z]+::([0-9]{12}):.+")

VERIFIED = "SUCCESS"
"""The status of what SES has found in the DNS."""

HOSTED_ZONE = "dkim.amazonses.com"
"""Where SES publishes keys, in regions that do not say otherwise."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What SES knows of a domain: what its owner has to publish, and whether they have."""

    name: str
    verified: bool
    dkim_status: str
    tokens: tuple[str, ...]
    hosted_zone: str
    own_key: bool
    """The operator's own DKIM key, not one of SES's."""
    mail_from: str
    mail_from_status: str

    @property
    def key_records(self) -> dict[str, str]:
        """Where each key is looked for, and the name that a CNAME there has to lead to."""
        return {key_name(token, self.name): f"{token}.{self.hosted_zone}" for token in self.tokens}


def whose(clients: Clients, wanted: Wanted) -> Wanted:
    """
    Return *wanted* with the account whose credentials these are.

    Raises:
        BadInput: there are no credentials, or they are not AWS's.
        FetchError: AWS cannot be reached.

    """
    with asking():
        answer = clients.sts.get_caller_identity()
    caller = _CALLER.fullmatch(answer.get("Arn", ""))
    if caller is None:
        raise FetchError(f"AWS did not say whose credentials these are: {answer.get('Arn')!r}")
    return dataclasses.replace(wanted, partition=caller[1], account=caller[2])


def steps(clients: Clients, wanted: Wanted, *, dry_run: bool) -> Iterator[Step]:
    """
    Yield each thing as it is made, changed, or found as it should be; safe to repeat.

    SES tries to publish when an event destination is made: the topic and its policy come before.

    Raises:
        FetchError: AWS cannot be reached, or refuses; what was yielded before is done.

    """
    hand = Hand(dry_run)
    yield from sending.configuration_set(clients, wanted, hand)
    yield from hearing.steps(clients, wanted, hand)
    yield sending.destination(clients, wanted, hand)
    yield from sending.identity(clients, wanted, hand)


def identity_of(clients: Clients, domain: str) -> Identity | None:
    """
    Return what SES knows of *domain* itself, or None.

    Raises:
        FetchError: AWS cannot be reached, or refuses.

    """
    answer = found(clients.ses.get_email_identity, EmailIdentity=domain)
    if answer is None:
        return None
    dkim, mail_from = answer.get("DkimAttributes", {}), answer.get("MailFromAttributes", {})
    return Identity(
        name=domain,
        verified=bool(answer.get("VerifiedForSendingStatus")),
        dkim_status=dkim.get("Status", "NOT_STARTED"),
        tokens=tuple(dkim.get("Tokens", ())),
        hosted_zone=dkim.get("SigningHostedZone") or HOSTED_ZONE,
        own_key=dkim.get("SigningAttributesOrigin") == "EXTERNAL",
        mail_from=mail_from.get("MailFromDomain") or "",
        mail_from_status=mail_from.get("MailFromDomainStatus") or "",
    )


def is_in_sandbox(clients: Clients) -> bool:
    """
    Tell whether the account may write to verified addresses only.

    Raises:
        FetchError: AWS cannot be reached, or refuses.

    """
    with asking():
        return not clients.ses.get_account().get("ProductionAccessEnabled")
