"""Records: what to publish in the DNS, what to put into the environment, and what is left."""

from dataclasses import dataclass

from digest.provisioning.setting_up import Identity
from digest.provisioning.wanted import Wanted

SPF_HOST = "amazonses.com"
SPF = f"v=spf1 include:{SPF_HOST} ~all"

WHAT_RUA_IS_FOR = (
    "rua is where mailbox providers report daily who sends in your name. Once the reports show only"
    " mail of yours, p=quarantine and then p=reject keep others from it; t=y beside them tries that"
    " out."
)
A_ROLE_OF_ITS_OWN = (
    "give the service a role or user of its own, which may do what deploy/iam/service.json says."
)


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the DNS, and what it is for."""

    name: str
    kind: str
    value: str
    why: str


def exchanger(region: str) -> str:
    """Return the host that takes bounces back in *region*."""
    return f"feedback-smtp.{region}.amazonses.com"


def dmarc(reader: str) -> str:
    """Return a first DMARC record, whose reports go to *reader*."""
    return f"v=DMARC1; p=none; rua=mailto:{reader}"


def records(wanted: Wanted, identity: Identity | None) -> list[Record]:
    """Return what the owner of the domain has to publish; DKIM's names come from SES."""
    mail_from = wanted.mail_from or (identity and identity.mail_from) or f"mail.{wanted.domain}"
    return [
        *(_keys(identity) if identity and not identity.own_key else ()),
        Record(
            mail_from,
            "MX",
            f"10 {exchanger(wanted.region)}",
            "bounces go back to SES; if the name is in use, set up again with another --mail-from",
        ),
        Record(
            mail_from,
            "TXT",
            SPF,
            "SPF: SES may send with this envelope sender",
        ),
        Record(
            f"_dmarc.{wanted.domain}",
            "TXT",
            dmarc(wanted.told_by_dmarc),
            "DMARC; keep the record that you have, if there is one",
        ),
    ]


def _keys(identity: Identity) -> list[Record]:
    return [
        Record(
            name,
            "CNAME",
            target,
            "DKIM: the key that SES signs with; it proves that the domain is yours",
        )
        for name, target in identity.key_records.items()
    ]


def settings(wanted: Wanted) -> dict[str, str]:
    """Return what the service has to know."""
    return {
        "DIGEST_MAIL_URL": f"ses://{wanted.region}?configuration_set={wanted.name}",
        "DIGEST_SQS_QUEUE_URL": wanted.queue_url(wanted.queue),
        "DIGEST_SENDER": f"Daybreak <digest@{wanted.domain}>",
    }


def left(wanted: Wanted, *, sandbox: bool) -> list[str]:
    """Return what nobody can do but the operator."""
    todo = [
        "Publish the records; SES looks for them for 72 hours and mostly finds them within one.",
        f"Read what comes to {wanted.told_by_dmarc}, or have a service read it: {WHAT_RUA_IS_FOR}",
        f"Put the settings into the environment, and {A_ROLE_OF_ITS_OWN}",
    ]
    if sandbox:
        todo.append(
            "Ask for production access: the account is in the sandbox, which writes to verified"
            " addresses only, 200 a day. docs/deliverability.md says what the form wants to know."
        )
    return [*todo, "Then: digest ses check"]
