"""Back-fill: arXiv's papers of past days, page by page, resumed where it ended."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial

from sqlalchemy.orm import Session

from digest.database import Sessions, in_transaction
from digest.errors import BadDocument, FetchError
from digest.fetch.keeping import check_day, keep
from digest.fetch.report import FetchReport
from digest.models import Harvest
from digest.sources.arxiv import Arxiv
from digest.sources.download import Http
from digest.sources.entry import Document, Entry

Progress = Callable[[FetchReport, int | None], None]
"""Is told of each page, and how many papers are still to come, where the archive says so."""


def backfill(
    sessions: Sessions,
    arxiv: Arxiv,
    http: Callable[[], Http],
    first: date,
    last: date,
    *,
    now: Callable[[], datetime],
    progress: Progress,
) -> FetchReport:
    """
    Keep the papers that arXiv announced from *first* to *last*; call *progress* for each page.

    Each page is committed with the place where the next one begins, so a back-fill that was
    broken off goes on there when it is asked for again. Days that are over are asked for once.

    Raises:
        BadInput: *last* is in the future.
        FetchError: a page could not be read; what came before it is kept.

    """
    check_day(last, now())
    name = f"{arxiv.listing} {first} {last}"
    with sessions.begin() as session:
        harvest = session.get(Harvest, name)
        if harvest is not None and harvest.finished_at:
            return FetchReport()
        token = harvest.token if harvest else None
    over, total = last < _today(now()), FetchReport()
    page = _first_page(arxiv, http, first, last, token)
    while True:
        step = partial(_keep_page, name=name, page=page, now=now(), over=over)
        report = in_transaction(sessions, step)
        total += report
        progress(report, page.left if page.resume else 0)
        if page.warning:
            # The place of the next page stands at the end of this one.
            raise FetchError(f"arXiv's archive: {page.warning}; it can be asked again")
        if not page.resume:
            return total
        page = arxiv.harvest(http(), first, last, page.resume)


def _first_page(
    arxiv: Arxiv, http: Callable[[], Http], first: date, last: date, token: str | None
) -> Document:
    try:
        return arxiv.harvest(http(), first, last, token)
    except BadDocument:
        if token is None:
            raise
        # The archive forgets its tokens within a day; then there is only the beginning.
        return arxiv.harvest(http(), first, last)


def _today(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _keep_page(
    session: Session, *, name: str, page: Document, now: datetime, over: bool
) -> FetchReport:
    report = _keep_by_day(session, page, now=now)
    if not page.warning:
        _note(session, name, page.resume, report, now=now, over=over)
    return report


def _keep_by_day(session: Session, page: Document, *, now: datetime) -> FetchReport:
    """Keep each paper as seen on the day of its publication: it is not news today."""
    by_day: dict[date, list[Entry]] = defaultdict(list)
    today = _today(now)
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
    session: Session,
    name: str,
    token: str | None,
    report: FetchReport,
    *,
    now: datetime,
    over: bool,
) -> None:
    harvest = session.get(Harvest, name) or Harvest(name=name, kept=0)
    harvest.token = token
    harvest.kept += report.new + report.seen
    # A day that is not over has more to come.
    harvest.finished_at = now if over and not token else None
    session.add(harvest)
