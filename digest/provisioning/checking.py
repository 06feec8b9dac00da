"""Checking: whether what a sender needs is there, at SES, in the queue and in the DNS."""

from collections.abc import Callable, Iterator

from digest.dns import Resolver
from digest.doctor.finding import Finding, Status
from digest.errors import FetchError
from digest.provisioning import at_dns, at_queue, at_ses
from digest.provisioning.account import Clients, Forbidden
from digest.provisioning.sender import Sender
from digest.provisioning.setting_up import Identity

Check = Callable[[], Iterator[Finding]]


def examine(clients: Clients, resolver: Resolver, sender: Sender) -> Iterator[Finding]:
    """
    Yield what there is to say, in the order in which it should be mended.

    Raises:
        BadInput: there are no credentials, or they are not AWS's.

    """
    yield from _looked("account", lambda: at_ses.account(clients))
    identity: list[Identity] = []
    yield from _looked("identity", lambda: at_ses.identity(clients, sender, identity.append))
    for each in identity:
        yield from _dns(resolver, sender, each)
    yield from _looked("dmarc", lambda: at_dns.dmarc(resolver, sender))
    yield from _looked("config set", lambda: at_ses.configuration_set(clients, sender))
    yield from _looked("queue", lambda: at_queue.queue(clients, sender))


def _dns(resolver: Resolver, sender: Sender, identity: Identity) -> Iterator[Finding]:
    yield from _looked("dkim dns", lambda: at_dns.keys(resolver, sender, identity))
    yield from _looked("mail from", lambda: at_dns.mail_from(resolver, sender, identity))
    yield from _looked("alignment", lambda: at_dns.alignment(resolver, sender, identity))


def _looked(name: str, check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except Forbidden as exc:
        remedy = "give these credentials deploy/iam/check.json, or ask with others"
        yield Finding(name, Status.WARNING, str(exc), remedy)
    except FetchError as exc:
        yield Finding(name, Status.WARNING, f"could not be looked at: {exc}", "try again later")
