"""
The variables themselves: of each its kind, its default, and what it means to an operator.

The table in `docs/configuration.md` is made of them: `.venv/bin/python -m tests.configuration`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from digest.settings.values import (
    AlarmRelay,
    BaseUrl,
    Folder,
    Hook,
    Key,
    KeyFile,
    Keys,
    LeaveAddress,
    Line,
    Mailbox,
    NameServer,
    QueueUrl,
    Selector,
    Sources,
    TimeOfDay,
    Topics,
)


@dataclass(frozen=True, slots=True)
class Unset:
    """What holds where a variable is not set, if its default is worked out from others."""

    words: str


class Fields(BaseSettings, use_attribute_docstrings=True):
    """The DIGEST_* variables, in the order in which the documentation has them."""

    port: int = Field(default=8000, validation_alias="PORT", ge=1, le=65535)
    """port of the pages; the default base URL follows it"""

    state_dir: Folder = Path("var")
    """folder for the embedded database, queue, outbox, keys and beat's schedule"""

    database_url: Annotated[SecretStr, Unset("`sqlite:///` in the state folder")] = SecretStr("")
    """`sqlite:///path/to/file.db` or `postgresql://user:password@host/name`"""

    broker_url: SecretStr = SecretStr("filesystem://")
    """
    `redis://host:6379/0`, `rediss://...`, or `filesystem://` for a queue in the state folder
    """

    mail_url: Annotated[SecretStr, Unset("`outbox:` in the state folder")] = SecretStr("")
    """
    `outbox:FOLDER`, `smtp://user:password@host:587`, `smtps://user:password@host:465` or
    `ses://REGION?configuration_set=NAME`
    """

    base_url: Annotated[BaseUrl, Unset("`http://127.0.0.1:PORT`")] = ""
    """where readers reach the pages; every link in a mail begins with it"""

    secret_keys: Annotated[Keys, Unset("made up when embedded")] = ()
    """keys of links, separated by commas: the first signs, the others still verify"""

    suppression_key: Annotated[Key | None, Unset("made up when embedded")] = None
    """key of the suppression list's hashes and of unsubscribe links; never rotates"""

    sender: Annotated[Mailbox, Unset("`Daybreak <daybreak@localhost>` when embedded")] = ""
    """`Name <name@example.org>`, the From of every mail"""

    reply_to: Annotated[Mailbox, Unset("the sender")] = ""
    """where replies go, and List-Owner points"""

    postal_address: Annotated[Line, Unset("a note when embedded")] = ""
    """at the foot of every mail, as CAN-SPAM asks"""

    site_name: Line = Field(default="Daybreak", min_length=1, max_length=40)
    """the name on pages and mails"""

    fetch_at: TimeOfDay = "05:00"
    """when the daily fetch begins, `HH:MM` in UTC; a refresh follows every hour"""

    sources: Sources = ("huggingface", "arxiv:cs.AI+cs.CL+cs.CV+cs.LG")
    """
    sources, separated by commas: `huggingface`, `arxiv:CATEGORY+CATEGORY`, `sample` (embedded
    only; contacts nobody)
    """

    proxies: int = Field(default=0, ge=0, le=10)
    """how many proxies stand before the pages and set `X-Forwarded-For`"""

    limits: Literal["on", "off"] = "on"
    """`off` lifts the limits of visitors, when embedded"""

    unsubscribe_address: LeaveAddress = ""
    """
    where readers can unsubscribe by mail, besides the link: `unsubscribe@example.org`, or
    `unsubscribe+*@example.org`; see [operating](operating.md#unsubscribing-by-mail)
    """

    imap_url: SecretStr = SecretStr("")
    """
    `imaps://user:password@host/folder`, the mailbox of that address; `INBOX` where no folder is
    named, and `imap://` to this machine only
    """

    disposable_domains_file: KeyFile | None = None
    """
    text file with domains whose addresses the form refuses, with all below them: one a line, `#`
    begins a comment
    """

    departures_file: KeyFile | None = None
    """
    text file, on another disk than the database, to which each departure is appended as a keyed
    hash; [`digest restore` applies it](backup.md#departures)
    """

    sns_topics: Topics = ()
    """ARNs of the SNS topics whose events `/hooks/ses` believes, separated by commas"""

    sqs_queue_url: QueueUrl = ""
    """`https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`, the queue that events are read from"""

    dkim_key_file: KeyFile | None = None
    """
    PEM file with the private key (RSA from 2048 bits, or Ed25519) by which mails to a relay are
    [signed](operating.md#dkim); SES signs by itself
    """

    dkim_selector: Selector = "daybreak"
    """under which name the public key is in the DNS of the sender's domain"""

    admin_token: Key | None = None
    """
    opens `/admin` and `/metrics`, which are not there without it: see
    [monitoring](monitoring.md); at least 32 characters
    """

    log_format: Literal["text", "json"] = "text"
    """`json`: one JSON object a line, for a log collector; see [monitoring](monitoring.md#logs)"""

    alarm_url: Hook = SecretStr("")
    """where [alarms](operating.md#alarms) are posted to, as a small JSON document"""

    alarm_mail_url: AlarmRelay = SecretStr("")
    """
    `smtp://user:password@host:587` or `smtps://...`: a relay for alarms, another one than that of
    `DIGEST_MAIL_URL`
    """

    alarm_mail_to: Mailbox = ""
    """who gets the alarms that go through it"""

    dns_server: Annotated[NameServer, Unset("the machine's")] = ""
    """
    the name server that `digest ses check` and doctor ask: `192.0.2.1`, `192.0.2.1:5353` or
    `[2001:db8::1]:53`
    """

    allow_private_addresses: bool = False
    """`true` lets sources be on private addresses, for a mirror in one's own network"""
