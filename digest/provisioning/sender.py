"""The sender: whose mail goes out, and by which way."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from digest import mailboxes
from digest.errors import BadInput
from digest.mail.opening import REGION
from digest.provisioning.wanted import checked_domain
from digest.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What `digest ses check` looks at; empty where nothing is configured."""

    domain: str
    region: str
    mailbox: str = ""
    configuration_set: str = ""
    queue_url: str = ""
    selector: str = ""
    """Of the key by which we sign ourselves, where mail goes through a relay."""
    site_name: str = "Daybreak"

    @property
    def set_up(self) -> str:
        """The command that makes what is missing."""
        named = self.configuration_set
        other = f" --name {named}" if named not in ("", "daybreak") else ""
        return f"digest ses setup --domain {self.domain} --region {self.region}{other}"


def sender(settings: Settings, *, domain: str = "", region: str = "", name: str = "") -> Sender:
    """
    Return the sender that *settings* describe; a *domain*, *region* or *name* given counts more.

    Raises:
        BadInput: the settings do not send through SES, and nothing is said instead.

    """
    url = urlsplit(settings.mail_url.get_secret_value()) if settings.mail_scheme == "ses" else None
    region = region or (url.netloc if url else "")
    if not REGION.fullmatch(region):
        raise BadInput(
            "Mail does not go out through SES: set DIGEST_MAIL_URL to ses://REGION?..., or say"
            " --region, --domain and --name."
        )
    mailbox = "" if settings.embedded else settings.sender
    own = mailboxes.split(mailbox)[1].rpartition("@")[2] if mailbox else ""
    if not (domain or own):
        raise BadInput("--domain: DIGEST_SENDER names none; say --domain example.org.")
    named = parse_qs(url.query).get("configuration_set", [""])[0] if url else ""
    checked = checked_domain(domain or own, "--domain")
    return Sender(
        domain=checked,
        region=region,
        mailbox=mailbox if own == checked else f"{settings.site_name} <digest@{checked}>",
        configuration_set=name or named,
        queue_url=settings.sqs_queue_url,
        selector=settings.dkim_selector if url is None and settings.dkim_key_file else "",
        site_name=settings.site_name,
    )
