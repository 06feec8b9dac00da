"""The working parts of an installation, built from its settings in one place."""

from dataclasses import dataclass
from datetime import time

from sqlalchemy.orm import sessionmaker

from digest.clock import Clock, utc_now
from digest.compose import Composer
from digest.database import Sessions, connect
from digest.keys import Keys, keys
from digest.links import Links
from digest.mail.message import Letterhead
from digest.mail.opening import open_transport
from digest.mail.transport import Transport
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
