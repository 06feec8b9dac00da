"""At the DNS: the keys, the envelope sender's records, DMARC, and whether they agree."""

from collections.abc import Iterator

from digest.dns import (
    Dmarc,
    Resolver,
    authorises,
    dmarc_of,
    has_key,
    key_name,
    organisation,
    spf_of,
)
from digest.doctor.finding import Finding, Status
from digest.provisioning import records
from digest.provisioning.sender import Sender
from digest.provisioning.setting_up import VERIFIED, Identity


def keys(resolver: Resolver, sender: Sender, identity: Identity) -> Iterator[Finding]:
    wanted = identity.key_records
    if signs_itself(resolver, sender):
        detail = f"there: {key_name(sender.selector, sender.domain)}, by which we sign ourselves"
        yield Finding("dkim dns", Status.OK, detail)
    elif identity.own_key:
        yield Finding("dkim dns", Status.OK, "a key of your own; SES has looked it up")
    elif missing := [each for each in wanted if not _leads_to(resolver, each, wanted[each])]:
        remedy = f"publish it as a CNAME of {wanted[missing[0]]}; `digest ses setup` prints all"
        yield Finding("dkim dns", Status.ERROR, f"not there: {', '.join(missing)}", remedy)
    else:
        yield Finding("dkim dns", Status.OK, f"all {len(wanted)} records are there")


def _leads_to(resolver: Resolver, name: str, target: str) -> bool:
    # Some name servers answer with what a CNAME leads to in its place: then the key is there.
    alias = resolver.alias(name)
    return alias == target if alias else has_key(resolver, name)


def signs_itself(resolver: Resolver, sender: Sender) -> bool:
    """Tell whether mails are signed before SES gets them, by a key that is published."""
    return bool(sender.selector) and has_key(resolver, key_name(sender.selector, sender.domain))


def mail_from(resolver: Resolver, sender: Sender, identity: Identity) -> Iterator[Finding]:
    domain = identity.mail_from
    if not domain:
        detail = "none of your own: the envelope is amazonses.com's, which SPF cannot align"
        yield Finding("mail from", Status.WARNING, detail, sender.set_up)
        return
    status = identity.mail_from_status
    ok = status == VERIFIED
    remedy = "" if ok else "publish its records, named below, then wait up to 72 hours"
    detail = f"{domain}, status {status}"
    yield Finding("mail from", Status.OK if ok else Status.ERROR, detail, remedy)
    yield _exchanger(resolver, sender, domain)
    yield _spf(resolver, domain)


def _exchanger(resolver: Resolver, sender: Sender, domain: str) -> Finding:
    wanted = records.exchanger(sender.region)
    hosts = [host for _, host in resolver.mail_exchangers(domain)]
    if hosts == [wanted]:
        return Finding("mx", Status.OK, f"{domain} leads to SES alone")
    detail = f"{domain} leads to {', '.join(hosts) or 'nobody'}"
    return Finding("mx", Status.ERROR, detail, f"publish MX 10 {wanted}, and no other, there")


def _spf(resolver: Resolver, domain: str) -> Finding:
    published = spf_of(resolver, domain)
    publish = f'publish TXT "{records.SPF}" at {domain}'
    if not published:
        return Finding("spf", Status.ERROR, f"{domain} has no record", publish)
    if len(published) > 1:
        detail = f"{domain} has {len(published)} records, which is as good as none"
        return Finding("spf", Status.ERROR, detail, "leave one of them")
    if not authorises(published[0], records.SPF_HOST):
        return Finding("spf", Status.ERROR, f"{published[0]!r} does not let SES send", publish)
    return Finding("spf", Status.OK, f"{domain} lets SES send")


def dmarc(resolver: Resolver, sender: Sender) -> Iterator[Finding]:
    """Yield what there is to say of the record that holds for the sender's domain (RFC 9989)."""
    found = dmarc_of(resolver, sender.domain)
    if found is None or found.record.policy is None:
        publish = records.dmarc(f"dmarc@{sender.domain}")
        detail = "no record" if found is None else f"the record at {found.at} is void"
        remedy = f'publish TXT "{publish}" at _dmarc.{sender.domain}; big mailboxes ask for it'
        yield Finding("dmarc", Status.ERROR, detail, remedy)
        return
    record = found.record
    own = found.at == sender.domain
    policy = record.policy if own else record.policy_below()
    testing = ", only tried out (t=y)" if record.testing else ""
    remedy = _remark(record)
    detail = f"{policy} for {sender.domain}, by _dmarc.{found.at}{testing}"
    yield Finding("dmarc", Status.WARNING if remedy else Status.OK, detail, remedy)


def _remark(record: Dmarc) -> str:
    if record.gone:
        return (
            f"take {', '.join(record.gone)} out: RFC 9989 knows them no more, and receivers pass"
            " over them; t=y tries a policy out"
        )
    if record.odd:
        return f"mend {', '.join(record.odd)}: receivers pass over it"
    if not record.reports_to:
        return "add rua=mailto:..., or nobody tells you who sends in your name"
    return ""


def alignment(resolver: Resolver, sender: Sender, identity: Identity) -> Iterator[Finding]:
    """Yield whether DKIM and SPF speak for the very domain in From (RFC 9989, section 4.4)."""
    found = dmarc_of(resolver, sender.domain)
    record = found.record if found else Dmarc({})
    above = organisation(resolver, sender.domain)

    def aligned(domain: str, tag: str) -> bool:
        if domain == sender.domain:
            return True
        return not record.strict(tag) and organisation(resolver, domain) == above

    by_ses = aligned(identity.name, "adkim")
    signed = by_ses and identity.dkim_status == VERIFIED
    bounces_to = identity.mail_from if identity.mail_from_status == VERIFIED else ""
    by = {
        "DKIM": signed or signs_itself(resolver, sender),
        "SPF": bool(bounces_to) and aligned(bounces_to, "aspf"),
    }
    good = [name for name, true in by.items() if true]
    detail = f"with From {sender.domain}: {' and '.join(good) or 'nothing'} aligned"
    if "DKIM" not in good:
        remedy = (
            f"wait for DKIM of {identity.name}, whose status is {identity.dkim_status}"
            if by_ses
            else f"verify {sender.domain} itself: {sender.set_up}"
        )
        yield Finding("alignment", Status.WARNING if good else Status.ERROR, detail, remedy)
    elif "SPF" not in good:
        # One is enough, and DKIM is the one that survives forwarding.
        yield Finding("alignment", Status.OK, f"{detail}, which is enough")
    else:
        yield Finding("alignment", Status.OK, detail)
