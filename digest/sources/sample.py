"""The built-in sample day: invented papers, for a first look without a network."""

import json
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from typing import Any

from digest.sources.download import Http
from digest.sources.entry import Document, Entry


class Sample:
    """Invented papers, of whichever day they are asked for."""

    name = "sample"

    def read(
        self,
        http: Http,  # noqa: ARG002  it travels in the package
        now: datetime,
        day: date | None = None,
    ) -> list[tuple[date, Document]]:
        day = day or now.astimezone(UTC).date()
        return [(day, built_in(day))]


def built_in(day: date) -> Document:
    """Return the sample day of the package, as though listed on *day*."""
    return parse(resources.files(__package__).joinpath("sample.jsonl").read_bytes(), day)


def parse(body: bytes, day: date) -> Document:
    """Return the papers of *body*, one JSON object a line, as though listed on *day*."""
    listed = datetime.combine(day, time(), UTC)
    rows = [json.loads(line) for line in body.splitlines() if line.strip()]
    return Document(entries=tuple(_entry(row, listed) for row in rows))


def _entry(row: dict[str, Any], listed: datetime) -> Entry:
    # No links: what is invented has no page but ours.
    return Entry(
        external_id=row["id"],
        title=row["title"],
        abstract=row["abstract"],
        authors=tuple(row["authors"]),
        organization=row["organization"],
        categories=tuple(row["categories"]),
        keywords=tuple(row["keywords"]),
        summary=row["summary"],
        summary_by="Daybreak" if row["summary"] else None,
        published_at=listed - timedelta(days=row["published_at"]),
        upvotes=row["upvotes"],
        comments=row["num_comments"],
        stars=row["github_stars"],
        sample=True,
    )
