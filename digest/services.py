"""The working parts of an installation, built from its settings in one place."""

from dataclasses import dataclass
from datetime import time
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy.orm import sessionmaker

from digest import departures, migrations
from digest.clock import Clock, utc_now
from digest.compose import Composer
from digest.database import Sessions, connect
from digest.errors import BadInput
from digest.keys import Keys, keys
from digest.links import Links
from digest.mail import imap
from digest.mail.account import Account
from digest.mail.message import Letterhead
from digest.mail.opening import open_alarm_relay, open_transport
from digest.mail.smtp import Sign
from digest.mail.transport import Transport
from digest.migrations import Age
from digest.render import Renderer, Site
from digest.settings import Settings
from digest.settings.values import QUEUE

if TYPE_CHECKING:
    from digest.events.queue import Queue

ALARM_PATIENCE = 5.0
"""Seconds for each answer of who is told of alarms."""


@dataclass(frozen=True)
class Services:
    """What the edges of the program (pages, commands, workers) work with."""

    settings: Settings
    sessions: Sessions
    keys: Keys
    links: Links
    renderer: Renderer
    transport: Transport
    composer: Composer
    clock: Clock
    alarm_relay: Transport | None = None
    """The way of alarms by mail, which no other mail goes."""
    mailbox: imap.Account | None = None
    """Where mails that unsubscribe come, if anywhere."""

    @property
    def account(self) -> Account | None:
        """The mail system's own suppression list, where it keeps one."""
        return self.transport if isinstance(self.transport, Account) else None

    @cached_property
    def queue(self) -> "Queue | None":
        """The queue of events, where there is one."""
        named = QUEUE.fullmatch(self.settings.sqs_queue_url)
        if named is None:
            return None
        # Only where it is asked for: boto3 takes longer to import than everything else here.
        from digest import aws  # noqa: PLC0415
        from digest.events.queue import Queue  # noqa: PLC0415

        return Queue(lambda: aws.sqs(named[1]), named[0])

    def close(self) -> None:
        """Give every connection back."""
        self.transport.close()
        if self.alarm_relay is not None:
            self.alarm_relay.close()
        if "queue" in self.__dict__ and self.queue:
            self.queue.close()
        self.sessions.kw["bind"].dispose()


def prepare(settings: Settings) -> None:
    """
    Make sure that the database can be used; embedded, it is brought up to date.

    Raises:
        BadInput: its tables are out of date, and nobody said that they may be changed; or newer.

    """
    url = settings.database_url.get_secret_value()
    if url.startswith("sqlite:///"):
        settings.state_dir.mkdir(parents=True, exist_ok=True)
    if settings.embedded:
        migrations.migrate(url)
        return
    age = migrations.age(url)
    if age is Age.NEWER:
        raise BadInput(migrations.TOO_NEW)
    if age is Age.OLDER:
        raise BadInput("The database is not up to date; run `digest migrate` first.")


def build(settings: Settings, clock: Clock = utc_now) -> Services:
    """
    Return the services that *settings* describe; nothing is connected to before it is used.

    Raises:
        BadSettings: a mail URL is odd, or the key that signs mails cannot be used.

    """
    secrets = keys(settings)
    links = Links(settings.base_url, secrets.signing, secrets.leave)
    sessions = sessionmaker(
        connect(settings.database_url.get_secret_value()),
        info=departures.kept_in(settings.departures_file, secrets.check),
    )
    renderer = Renderer(Site(settings.site_name, settings.base_url, settings.postal_address))
    head, mail_url = letterhead(settings), settings.mail_url.get_secret_value()
    return Services(
        settings=settings,
        sessions=sessions,
        keys=secrets,
        links=links,
        renderer=renderer,
        transport=open_transport(mail_url, head, clock, _signing(settings, head)),
        composer=Composer(
            sessions=sessions,
            renderer=renderer,
            links=links,
            clock=clock,
            fetch_at=time.fromisoformat(settings.fetch_at),
            samples=settings.embedded,
            leave_mailbox=settings.unsubscribe_address,
        ),
        clock=clock,
        mailbox=imap.account(url) if (url := settings.imap_url.get_secret_value()) else None,
        alarm_relay=_alarm_relay(settings, head, clock),
    )


def _signing(settings: Settings, head: Letterhead) -> Sign | None:
    if settings.dkim_key_file is None:
        return None
    # Only where it is asked for: it brings a whole DNS library, which signing has no use for.
    from digest.mail.dkim import Signer, read_key  # noqa: PLC0415

    domain = head.address.rpartition("@")[2]
    key = read_key(settings.dkim_key_file)
    return Signer(key, domain=domain, selector=settings.dkim_selector).signed


def _alarm_relay(settings: Settings, head: Letterhead, clock: Clock) -> Transport | None:
    url = settings.alarm_mail_url.get_secret_value()
    return open_alarm_relay(url, head, clock, ALARM_PATIENCE) if url else None


def letterhead(settings: Settings) -> Letterhead:
    """Return what every mail of this installation says about its sender."""
    return Letterhead(
        sender=settings.sender,
        reply_to=settings.reply_to,
        site_name=settings.site_name,
        base_url=settings.base_url,
    )
