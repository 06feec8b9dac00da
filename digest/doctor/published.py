"""What the sender's domain has published: how mailboxes tell our mail from forgeries."""

from collections.abc import Iterator

from digest import mailboxes
from digest.dns import Resolver, dmarc_of, has_key, key_name, spf_of
from digest.doctor.finding import Finding, Status
from digest.errors import FetchError
from digest.services import Services
from digest.settings import Settings

REMEDY = "see docs/deliverability.md"


def domain(services: Services) -> Finding:
    """Tell what is missing in the DNS of the domain in From; nothing where it does not answer."""
    settings = services.settings
    name = mailboxes.split(settings.sender)[1].rpartition("@")[2]
    if settings.mail_scheme == "outbox" or "." not in name:
        return Finding("dns", Status.OK, "nothing is sent from a domain")
    try:
        missing = list(_missing(Resolver(settings.dns_server), settings, name))
    except FetchError as exc:
        return Finding("dns", Status.UNKNOWN, f"{name} was not looked at: {exc}")
    if missing:
        return Finding("dns", Status.WARNING, f"{name}: {'; '.join(missing)}", REMEDY)
    return Finding("dns", Status.OK, f"{name} has published what mailboxes look for")


def _missing(resolver: Resolver, settings: Settings, name: str) -> Iterator[str]:
    """Yield what is missing, the worst first."""
    found = dmarc_of(resolver, name)
    if found is None:
        yield "no DMARC record: Gmail and others refuse bulk mail without one"
    elif found.record.policy is None:
        yield f"the DMARC record of {found.at} is void"
    own_key = key_name(settings.dkim_selector, name)
    if settings.dkim_key_file and not has_key(resolver, own_key):
        yield f"no DKIM key at {settings.dkim_selector}._domainkey"
    records = spf_of(resolver, name)
    if len(records) > 1:
        yield f"{len(records)} SPF records, which count as an error"
    # SES bounces to a domain of its own, or to one below: `digest ses check` looks there.
    elif not records and settings.mail_scheme != "ses":
        yield "no SPF record"
    if not resolver.mail_exchangers(name):
        yield "no MX record: replies, and reports to postmaster, do not arrive"
