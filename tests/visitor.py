"""An installation with pages, and somebody who visits them, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from digest import edition, migrations
from digest import services as building
from digest.clock import Cadence
from digest.fetch import keep
from digest.links import Purpose
from digest.models import Base, Delivery, DeliveryKind, DeliveryState, Standing, Subscriber
from digest.services import Services
from digest.settings import Settings
from digest.sources.entry import Document, Entry
from digest.web import create_app

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TODAY = NOW.date()
HERE = "http://127.0.0.1:8000"
PUBLIC = "https://daily.example.org"
PRODUCTION: dict[str, Any] = {
    "base_url": PUBLIC,
    "mail_url": "smtp://127.0.0.1:9",
    "secret_keys": "k" * 32,
    "suppression_key": "s" * 32,
    "sender": "Daybreak <daily@example.org>",
    "postal_address": "1 Example Street",
}


@dataclass
class StoppedClock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


class Visitor(FlaskClient):
    """A browser without cookies; `base_url` is what stands in its address bar."""

    base_url = HERE

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("base_url", self.base_url)
        return super().open(*args, **kwargs)


@dataclass
class Installation:
    services: Services
    app: Flask
    clock: StoppedClock

    def visitor(self, base_url: str = "") -> "Visitor":
        visitor = Visitor(self.app, use_cookies=False)
        visitor.base_url = base_url or self.services.settings.base_url
        visitor.environ_base["REMOTE_ADDR"] = "192.0.2.7"
        return visitor

    def reader(self, email: str = "mira@example.org", **columns: Any) -> int:
        values = {
            "standing": Standing.ACTIVE,
            "cadence": Cadence.WEEKDAYS,
            "days": [],
            "hour": 7,
            "zone": "UTC",
            "next_due_at": datetime(2026, 11, 23, 7, tzinfo=UTC),
            "requested": {},
            "created_at": NOW,
            "address_hash": self.services.keys.address_hash(email),
        }
        with self.services.sessions.begin() as session:
            reader = Subscriber(email=email, **values | columns)
            session.add(reader)
            session.flush()
            return reader.id

    def kept(self, reader_id: int) -> Subscriber:
        with self.services.sessions(expire_on_commit=False) as session:
            return session.get_one(Subscriber, reader_id)

    def digest_to(self, reader_id: int, state: DeliveryState = DeliveryState.SENT) -> int:
        with self.services.sessions.begin() as session:
            delivery = Delivery(
                subscriber_id=reader_id,
                kind=DeliveryKind.DIGEST,
                dedupe_key=str(TODAY),
                state=state,
                priority=2,
                not_before=NOW,
                day_ends_at=NOW,
                created_at=NOW,
            )
            session.add(delivery)
            session.flush()
            return delivery.id

    def path(self, purpose: Purpose, subject: int, version: int = 0) -> str:
        link = self.services.links.make(purpose, subject, version)
        return link.removeprefix(self.services.settings.base_url)

    def papers(self, *entries: Entry, day: date = TODAY, source: str = "huggingface") -> None:
        with self.services.sessions.begin() as session:
            keep(session, source, Document(entries=entries), day=day, now=self.clock())

    def edition(self) -> None:
        """Freeze what is on offer."""
        with self.services.sessions.begin() as session:
            edition.build(session, self.clock())

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Return the whole database."""
        with self.services.sessions.begin() as session:
            return {
                table.name: [tuple(row) for row in session.execute(sa.select(table))]
                for table in Base.metadata.sorted_tables
            }


@cache
def _migrated() -> bytes:
    """Return a new database: a copy of it is cheaper than migrating for each test."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "migrated.db"
        migrations.migrate(f"sqlite:///{path}")
        return path.read_bytes()


@contextmanager
def installation(folder: Path, **settings: Any) -> Iterator[Installation]:
    folder.mkdir(parents=True, exist_ok=True)
    clock = StoppedClock()
    chosen = Settings(_env_file=None, state_dir=folder, **settings)  # type: ignore[call-arg]
    services = building.build(chosen, clock)
    Path(services.sessions.kw["bind"].url.database).write_bytes(_migrated())
    try:
        yield Installation(services, create_app(services), clock)
    finally:
        services.close()


def entry(number: int, **fields: Any) -> Entry:
    values: dict[str, Any] = {
        "external_id": f"2611.{number:05}",
        "title": f"Paper number {number}",
        "abstract": f"We study the number {number}. It is large.",
        "authors": ("Ada Quill", "Bo Ferris"),
        "published_at": NOW,
        "url": f"https://arxiv.org/abs/2611.{number:05}",
        "upvotes": number,
    }
    return Entry(**values | fields)


class Page(HTMLParser):
    """What a browser, or somebody who cannot see it, makes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        return [
            found
            for name, found in self.tags
            if name == tag and attributes.items() <= found.items()
        ]

    def every(self, attribute: str) -> list[str]:
        return [found[attribute] or "" for _, found in self.tags if attribute in found]

    def form(self) -> dict[str, list[str]]:
        """Return what the inputs of the page send if nobody touches them, but for the search."""
        sent: dict[str, list[str]] = {}
        for each in self.all("input"):
            chosen = each.get("type") not in ("checkbox", "radio") or "checked" in each
            if chosen and each.get("name") and each.get("type") != "search":
                sent.setdefault(str(each["name"]), []).append(each.get("value") or "")
        return sent
