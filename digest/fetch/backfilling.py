"""Back-fill: arXiv's papers of past days, page by page, resumed where it ended."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from digest.database import Sessions
from digest.fetch.keeping import keep
from digest.fetch.report import FetchReport
from digest.models import Harvest
from digest.sources.arxiv import Arxiv
from digest.sources.download import Http
from digest.sources.entry import Document, Entry


def backfill(
    sessions: Sessions,
    arxiv: Arxiv,
    http: Callable[[], Http],
    first: date,
    last: date,
    *,
    now: Callable[[], datetime],
    progress: Callable[[FetchReport], None],
) -> FetchReport:
    """
    Keep the papers that arXiv announced from *first* to *last*; call *progress* for each page.

    Each page is committed with the place where the next one begins, so a back-fill that was
    broken off goes on there when it is asked for again.

    Raises:
        FetchError: a page could not be read; what came before it is kept.

    """
    name = f"{arxiv.listing} {first} {last}"
    with sessions.begin() as session:
        harvest = session.get(Harvest, name)
        if harvest is not None and harvest.finished_at:
            return FetchReport()
        token = harvest.token if harvest else None
    total = FetchReport()
    while True:
        page = arxiv.harvest(http(), first, last, token)
        token = page.resume
        with sessions.begin() as session:
            report = _keep_by_day(session, page, now=now())
            _note(session, name, token, report, now=now())
        total += report
        progress(report)
        if not token:
            return total


def _keep_by_day(session: Session, page: Document, *, now: datetime) -> FetchReport:
    """Keep each paper as seen on the day of its publication: it is not news today."""
    by_day: dict[date, list[Entry]] = defaultdict(list)
    today = now.astimezone(UTC).date()
    for entry in page.entries:
        published = entry.published_at.astimezone(UTC).date() if entry.published_at else today
        by_day[min(published, today)].append(entry)
    report = keep(
        session,
        Arxiv.name,
        Document(unreadable=page.unreadable, unwanted=page.unwanted, warning=page.warning),
        day=None,
        now=now,
    )
    for day, entries in sorted(by_day.items()):
        report += keep(session, Arxiv.name, Document(entries=tuple(entries)), day=day, now=now)
    return report


def _note(
    session: Session, name: str, token: str | None, report: FetchReport, *, now: datetime
) -> None:
    harvest = session.get(Harvest, name) or Harvest(name=name, kept=0)
    harvest.token = token
    harvest.kept += report.new + report.seen
    harvest.finished_at = None if token else now
    session.add(harvest)
