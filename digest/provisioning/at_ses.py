"""At SES: the account, the identity and the configuration set."""

from collections.abc import Callable, Iterator
from typing import Any

from digest.doctor.finding import Finding, Status
from digest.provisioning import sending
from digest.provisioning.account import Clients, asking, found
from digest.provisioning.sender import Sender
from digest.provisioning.setting_up import VERIFIED, Identity, identity_of

NEARLY = 0.9
"""The part of the day's quota from which on it is worth a word."""

MUST_HEAR = {"BOUNCE", "COMPLAINT"}

_HEALTH = {
    "PROBATION": (Status.WARNING, "under review: too many bounces or complaints"),
    "SHUTDOWN": (Status.ERROR, "sending is shut down by AWS"),
}


def account(clients: Clients) -> Iterator[Finding]:
    with asking():
        answer = clients.ses.get_account()
    yield _standing(answer)
    yield _sandbox(answer)
    yield _quota(answer["SendQuota"])
    yield _suppression(answer)


def _standing(answer: dict[str, Any]) -> Finding:
    remedy = "see the account dashboard of SES, and AWS's mail about it"
    status, detail = _HEALTH.get(answer.get("EnforcementStatus", ""), (Status.OK, "may send"))
    if not answer.get("SendingEnabled"):
        return Finding("account", Status.ERROR, "sending is switched off", remedy)
    return Finding("account", status, detail, "" if status is Status.OK else remedy)


def _sandbox(answer: dict[str, Any]) -> Finding:
    if answer.get("ProductionAccessEnabled"):
        return Finding("sandbox", Status.OK, "left: anybody can be written to")
    return Finding(
        "sandbox",
        Status.ERROR,
        "the account is in it: only verified addresses can be written to, 200 a day",
        "ask for production access: docs/deliverability.md",
    )


def _quota(quota: dict[str, float]) -> Finding:
    most, rate, sent = (quota[name] for name in ("Max24HourSend", "MaxSendRate", "SentLast24Hours"))
    if most < 0:
        return Finding("quota", Status.OK, f"none a day, {rate:g} mails a second")
    detail = f"{sent:.0f} of {most:.0f} mails in 24 hours, {rate:g} a second"
    if sent >= NEARLY * most:
        return Finding("quota", Status.WARNING, detail, "ask AWS for a higher sending quota")
    return Finding("quota", Status.OK, detail)


def _suppression(answer: dict[str, Any]) -> Finding:
    reasons = answer.get("SuppressionAttributes", {}).get("SuppressedReasons", [])
    listed = " and ".join(reason.lower() for reason in sorted(reasons)) or "nothing"
    # The configuration set's own reasons, which setup sets, come before the account's.
    return Finding("suppression", Status.OK, f"the account's list takes up: {listed}")


def identity(
    clients: Clients, sender: Sender, known: Callable[[Identity], object]
) -> Iterator[Finding]:
    """Yield how the identity is that covers the sender's domain, and make it *known*."""
    there = covering(clients, sender.domain)
    if there is None:
        detail = f"SES knows neither {sender.domain} nor a domain above it"
        yield Finding("identity", Status.ERROR, detail, sender.set_up)
        return
    known(there)
    remedy = f"publish the DKIM records that `{sender.set_up}` prints, then wait up to 72 hours"
    if there.verified:
        yield Finding("identity", Status.OK, f"{there.name} is verified")
    else:
        yield Finding("identity", Status.ERROR, f"{there.name} is not verified", remedy)
    signs = there.dkim_status == VERIFIED
    detail = f"status {there.dkim_status}"
    yield Finding("dkim", Status.OK if signs else Status.ERROR, detail, "" if signs else remedy)


def covering(clients: Clients, domain: str) -> Identity | None:
    """
    Return the identity that SES signs mail from *domain* with: its own, or of a domain above.

    Raises:
        FetchError: AWS cannot be reached, or refuses.

    """
    name = domain
    while "." in name:
        there = identity_of(clients, name)
        if there is not None:
            return there
        name = name.partition(".")[2]
    return None


def configuration_set(clients: Clients, sender: Sender) -> Iterator[Finding]:
    name = sender.configuration_set
    if not name:
        remedy = "write ?configuration_set=NAME into DIGEST_MAIL_URL: events come with it only"
        yield Finding("config set", Status.ERROR, "DIGEST_MAIL_URL names none", remedy)
        return
    there = found(clients.ses.get_configuration_set, ConfigurationSetName=name)
    if there is None:
        yield Finding("config set", Status.ERROR, f"there is no {name}", sender.set_up)
        return
    yield _set_up(sender, there)
    yield _events(sender, sending.destinations(clients.ses, name))


def _set_up(sender: Sender, there: dict[str, Any]) -> Finding:
    name = sender.configuration_set
    if not there.get("SendingOptions", {}).get("SendingEnabled", True):
        remedy = "find out who paused it, then switch its sending on in SES's console"
        return Finding("config set", Status.ERROR, f"sending by {name} is paused", remedy)
    options = there.get("SuppressionOptions", {})
    if sorted(options.get("SuppressedReasons", ())) != sending.REASONS:
        detail = f"{name} does not suppress after bounces and complaints"
        return Finding("config set", Status.WARNING, detail, sender.set_up)
    return Finding("config set", Status.OK, f"{name} sends, and suppresses who bounced")


def _events(sender: Sender, destinations: list[dict[str, Any]]) -> Finding:
    published = {
        kind
        for each in destinations
        if each.get("Enabled") and each.get("SnsDestination")
        for kind in each.get("MatchingEventTypes", ())
    }
    missing = [kind for kind in sending.EVENTS if kind not in published]
    remedy = sender.set_up
    if not published:
        return Finding("events", Status.ERROR, "no topic is told of any event", remedy)
    if missing:
        status = Status.ERROR if MUST_HEAR & set(missing) else Status.WARNING
        return Finding("events", status, f"no topic is told of {', '.join(missing)}", remedy)
    return Finding("events", Status.OK, "a topic is told of every kind")
