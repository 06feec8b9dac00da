"""The working parts of an installation, built from its settings in one place."""

from dataclasses import dataclass
from datetime import time

from sqlalchemy.orm import sessionmaker

from digest import migrations
from digest.clock import Clock, utc_now
from digest.compose import Composer
from digest.database import Sessions, connect
from digest.errors import BadInput
from digest.keys import Keys, keys
from digest.links import Links
from digest.mail.message import Letterhead
from digest.mail.opening import open_transport
from digest.mail.transport import Transport
from digest.migrations import Age
from digest.render import Renderer, Site
from digest.settings import Settings


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

    def close(self) -> None:
        """Give every connection back."""
        self.transport.close()
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
        BadSettings: the mail URL is odd.

    """
    secrets = keys(settings)
    links = Links(settings.base_url, secrets.signing, secrets.leave)
    sessions = sessionmaker(connect(settings.database_url.get_secret_value()))
    renderer = Renderer(Site(settings.site_name, settings.base_url, settings.postal_address))
    return Services(
        settings=settings,
        sessions=sessions,
        keys=secrets,
        links=links,
        renderer=renderer,
        transport=open_transport(settings.mail_url.get_secret_value(), letterhead(settings), clock),
        composer=Composer(
            sessions=sessions,
            renderer=renderer,
            links=links,
            clock=clock,
            fetch_at=time.fromisoformat(settings.fetch_at),
            samples=settings.embedded,
        ),
        clock=clock,
    )


def letterhead(settings: Settings) -> Letterhead:
    """Return what every mail of this installation says about its sender."""
    return Letterhead(
        sender=settings.sender,
        reply_to=settings.reply_to,
        site_name=settings.site_name,
        base_url=settings.base_url,
    )
