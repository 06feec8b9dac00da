"""Where papers come from: feeds and picks on the command line, and sources that fail."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from digest import fetch, pipeline, sourcing
from digest.database import DatabaseNow, Sessions
from digest.errors import BadInput
from digest.models import Delivery, EditionRow, FeedRow, FetchRun, Paper, Record, Sighting
from digest.services import Services
from digest.settings import Settings
from tests import make, test_cli
from tests.conftest import Inbox, StoppedClock
from tests.newsstand import ANNOUNCED, HUGGING_FACE, QUERY, Item, Newsstand, listed, rss
from tests.test_cli import Digest, Ended

FRIDAY = date(2026, 11, 20)
THURSDAY = FRIDAY - timedelta(days=1)
RSS = "/tides/rss"
TIDES = Item(id="tides-1", title="Tides of Small Networks", link="https://tides.example.org/1")
ROPES = Item(id="ropes-1", title="Ropes for Long Ladders", link="https://ropes.example.com/1")
LAMPS = Item(id="2611.00104", title="Lamps for Deep Mines", upvotes=40)
BELLS = Item(id="2611.00105", title="Bells Under the Sea", upvotes=9)
KNOTS = Item(id="10.1000/knots.7", title="Knots That Hold Forever")

digest = test_cli.digest


@pytest.fixture
def stand() -> Iterator[Newsstand]:
    with Newsstand() as laid_out:
        yield laid_out


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"allow_private_addresses": True})


@pytest.fixture(autouse=True)
def _environment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the commands the settings of `services`: both work on one database."""
    monkeypatch.setenv("DIGEST_DATABASE_URL", database_url)
    monkeypatch.setenv("DIGEST_ALLOW_PRIVATE_ADDRESSES", "true")
    monkeypatch.setenv("DIGEST_SOURCES", "sample")


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def rows(sessions: Sessions, *columns: Any) -> list[Any]:
    """Return the rows of these columns, or the values of one; in the order of their ids."""
    with sessions() as session:
        query = select(*columns).order_by(columns[0].class_.id)
        if len(columns) == 1:
            return list(session.scalars(query))
        return [tuple(row) for row in session.execute(query)]


def sources(digest: Digest) -> dict[str, dict[str, Any]]:
    """Return what `source list` says of each source, by name."""
    ended = digest("source", "list", "--json")
    return {each["name"]: each for each in json.loads(ended.out)}


def read(digest: Digest, name: str = "feed:127.0.0.1") -> Ended:
    return digest("fetch", "--source", name, "--json")


# Feeds


def test_a_feed_can_be_tried_before_it_is_added(
    digest: Digest, stand: Newsstand, sessions: Sessions
) -> None:
    url = stand.feed(RSS, *(Item(id=f"tides-{n}", title=f"Tides, part {n}") for n in range(12)))

    ended = digest("source", "test", url)

    assert ended.code == 0
    assert "Journal of Tides: 12 papers" in ended.out
    assert "Tides, part 0" in ended.out
    assert "... and 2 more" in ended.out
    assert rows(sessions, FeedRow.name) == rows(sessions, Paper.title) == []


def test_what_could_not_be_read_and_where_papers_lead_is_shown(
    digest: Digest, stand: Newsstand
) -> None:
    url = stand.feed(RSS, TIDES, ROPES, Item(id="nameless", title=""))

    ended = digest("source", "test", url)

    assert "skipped: entry 3: it has no title" in ended.out
    assert "Its papers link to: ropes.example.com, tides.example.org" in ended.out


@pytest.mark.parametrize(("answer", "code", "added"), [("y\n", 0, 1), ("n\n", 1, 0), ("", 1, 0)])
def test_adding_a_feed_asks_about_the_hosts_that_its_papers_link_to(
    *,
    digest: Digest,
    stand: Newsstand,
    sessions: Sessions,
    type_in: Callable[[str], None],
    answer: str,
    code: int,
    added: int,
) -> None:
    url = stand.feed(RSS, TIDES, ROPES)
    type_in(answer)

    ended = digest("source", "add", url)

    assert ended.code == code
    assert "May mails and pages link to these hosts?" in ended.out
    hosts = ["ropes.example.com", "tides.example.org"]
    assert rows(sessions, FeedRow.hosts) == [hosts] * added


def test_who_says_yes_is_not_asked(digest: Digest, stand: Newsstand, sessions: Sessions) -> None:
    ended = digest("source", "add", stand.feed(RSS, TIDES), "--yes")

    assert ended.code == 0
    assert "May mails" not in ended.out
    assert "Added as feed:127.0.0.1" in ended.out
    assert rows(sessions, FeedRow.name, FeedRow.title) == [("feed:127.0.0.1", "Journal of Tides")]


def test_a_feed_without_odd_links_is_added_without_a_question(
    digest: Digest, stand: Newsstand
) -> None:
    url = stand.feed(RSS, Item(id="1", title="On arXiv", link="https://arxiv.org/abs/2611.00104"))

    ended = digest("source", "add", url)

    assert ended.code == 0
    assert "May mails" not in ended.out


def test_a_feed_is_not_added_twice(digest: Digest, stand: Newsstand, sessions: Sessions) -> None:
    url = stand.feed(RSS, TIDES)
    digest("source", "add", url, "--yes")

    ended = digest("source", "add", url, "--yes")

    assert ended.code == 2
    assert "is a source already" in ended.err
    assert len(rows(sessions, FeedRow.name)) == 1


def test_what_is_no_feed_is_not_added(digest: Digest, stand: Newsstand, sessions: Sessions) -> None:
    documents = {
        b"<!doctype html><title>Tides</title>": "no feed but an HTML page",
        b'{"papers": []}': "no feed but a JSON document",
        b"": "an empty document",
    }

    for document, why in documents.items():
        stand.pages["/page"] = document
        tried = digest("source", "test", f"{stand.url}/page")
        ended = digest("source", "add", f"{stand.url}/page", "--yes")
        assert (tried.code, ended.code) == (2, 2)
        assert why in ended.err

    assert rows(sessions, FeedRow.name) == []


def test_what_does_not_answer_is_not_added(
    digest: Digest, stand: Newsstand, sessions: Sessions
) -> None:
    ended = digest("source", "add", f"{stand.url}/gone", "--yes")

    assert ended.code == 1
    assert "answered 404" in ended.err
    assert rows(sessions, FeedRow.name) == []


def test_a_title_is_cut_to_what_fits_and_an_address_is_refused(
    digest: Digest, stand: Newsstand, sessions: Sessions
) -> None:
    url = stand.feed(RSS, title="Tides " * 45)

    added = digest("source", "add", url)
    refused = digest("source", "add", f"{url}?{'x' * 500}")

    assert added.code == 0
    [title] = rows(sessions, FeedRow.title)
    assert len(title) == 200
    assert refused.code == 2
    assert "longer than 500 characters" in refused.err


def test_feeds_of_one_host_have_names_of_their_own(
    digest: Digest, stand: Newsstand, sessions: Sessions
) -> None:
    for path in ("/one", "/two"):
        digest("source", "add", stand.feed(path, TIDES), "--yes")
    read(digest, "feed:127.0.0.1-2")
    digest("source", "remove", "feed:127.0.0.1-2")

    digest("source", "add", stand.feed("/three", TIDES), "--yes")

    assert rows(sessions, FeedRow.name) == ["feed:127.0.0.1", "feed:127.0.0.1-3"]


def test_one_feed_can_be_read_alone(digest: Digest, stand: Newsstand, sessions: Sessions) -> None:
    digest("source", "add", stand.feed("/one", TIDES), "--yes")
    digest("source", "add", stand.feed("/two", ROPES), "--yes")

    first, again = read(digest, "feed:127.0.0.1-2"), read(digest, "feed:127.0.0.1-2")
    unknown = read(digest, "feed:gazette")

    assert first.last_line == {"new": 1, "seen": 0, "skipped": 0}
    assert again.code == 0
    assert rows(sessions, Paper.title) == [ROPES.title]
    assert set(rows(sessions, Sighting.source)) == {"feed:127.0.0.1-2"}
    assert unknown.code == 2
    assert "digest source list" in unknown.err


def test_links_to_approved_hosts_are_kept_and_others_dropped(
    digest: Digest, stand: Newsstand, sessions: Sessions
) -> None:
    digest("source", "add", stand.feed(RSS, TIDES), "--yes")
    stand.feed(RSS, TIDES, ROPES)

    ended = read(digest)

    assert ended.last_line["new"] == 2
    assert dict(rows(sessions, Paper.title, Paper.url)) == {
        TIDES.title: TIDES.link,
        ROPES.title: None,
    }


def test_an_unchanged_feed_is_not_sent_again(
    digest: Digest, stand: Newsstand, sessions: Sessions
) -> None:
    digest("source", "add", stand.feed(RSS, TIDES), "--yes")
    stand.asked.clear()

    first, second = read(digest), read(digest)
    stand.feed(RSS, TIDES, ROPES)
    third = read(digest)

    known = ["If-None-Match" in each.headers for each in stand.asked]
    assert known == [False, True, True]
    assert first.last_line == {"new": 1, "seen": 0, "skipped": 0}
    assert (second.code, second.last_line) == (0, {"new": 0, "seen": 0, "skipped": 0})
    assert third.last_line == {"new": 1, "seen": 1, "skipped": 0}
    runs = rows(sessions, FetchRun.new, FetchRun.seen, FetchRun.error)
    assert runs == [(1, 0, None), (0, 0, None), (1, 1, None)]


def test_what_could_not_be_kept_is_sent_again(digest: Digest, stand: Newsstand) -> None:
    digest("source", "add", stand.feed(RSS, TIDES), "--yes")
    stand.feed(RSS, Item(id="nameless", title=""))

    first, second = read(digest), read(digest)

    assert (first.code, second.code) == (1, 1)
    assert "none can be read" in second.err
    assert "none can be read" in sources(digest)["feed:127.0.0.1"]["error"]


def test_sources_are_listed_with_how_their_last_reading_ended(
    digest: Digest, stand: Newsstand
) -> None:
    url = stand.feed(RSS, TIDES)
    digest("source", "add", url, "--yes")
    new = digest("source", "list")
    read(digest)
    stand.broken = {RSS}
    failed = read(digest)

    ended = digest("source", "list")

    assert ["never read" in line for line in new.out.splitlines()] == [True, True, False]
    assert failed.code == 1
    assert " UTC" in ended.out
    assert url in ended.out
    assert f"last error: {url}: answered 500" in ended.out
    feed = sources(digest)["feed:127.0.0.1"]
    assert (feed["url"], feed["paused"]) == (url, False)
    assert feed["read_at"]
    assert sources(digest)["sample"]["error"] is None


def test_a_source_that_works_again_shows_no_error(digest: Digest, stand: Newsstand) -> None:
    digest("source", "add", stand.feed(RSS, TIDES), "--yes")
    stand.broken = {RSS}
    read(digest)
    stand.broken = set()

    read(digest)

    assert sources(digest)["feed:127.0.0.1"]["error"] is None


def test_a_paused_feed_is_not_read_until_it_is_resumed(digest: Digest, stand: Newsstand) -> None:
    digest("source", "add", stand.feed(RSS, TIDES), "--yes")
    stand.asked.clear()

    paused = digest("source", "pause", "feed:127.0.0.1")
    digest("fetch")
    while_paused = len(stand.asked)
    shown = digest("source", "list")
    resumed = digest("source", "resume", "127.0.0.1")
    digest("fetch")

    assert (paused.code, resumed.code) == (0, 0)
    assert while_paused == 0
    assert "paused" in shown.out
    assert len(stand.asked) == 1


@pytest.mark.parametrize("name", ["feed:127.0.0.1", "feed:127.0.0.1-2"])
def test_a_paused_feed_that_is_asked_for_is_said_to_be_paused(
    digest: Digest, stand: Newsstand, name: str
) -> None:
    for path in ("/one", "/two"):
        digest("source", "add", stand.feed(path, TIDES), "--yes")
    digest("source", "pause", name)
    stand.asked.clear()

    ended = read(digest, name)

    assert ended.code == 2
    assert f"{name} is paused; `digest source resume {name}` reads it again" in ended.err
    assert stand.asked == []


def test_a_feed_that_breaks_off_is_no_success(
    digest: Digest, stand: Newsstand, sessions: Sessions, services: Services
) -> None:
    digest("source", "add", stand.feed(RSS, TIDES, ROPES), "--yes")
    stand.cut = {RSS}

    ended = read(digest)

    assert (ended.code, ended.last_line["new"]) == (3, 2)
    [(new, error)] = rows(sessions, FetchRun.new, FetchRun.error)
    assert new == 2
    assert "breaks off" in error
    feed = sources(digest)["feed:127.0.0.1"]
    assert "breaks off" in feed["error"]
    assert feed["read_at"]
    with services.sessions() as session:
        offered = make.offered(session)
    # Its papers are there, so no digest may say that they are missing.
    assert offered.missing == ()
    assert offered.fetched_at is not None


def test_a_removed_feed_is_forgotten_and_its_papers_stay(
    digest: Digest, stand: Newsstand, sessions: Sessions
) -> None:
    url = stand.feed(RSS, TIDES)
    digest("source", "add", url, "--yes")
    read(digest)

    ended = digest("source", "remove", url)

    assert ended.code == 0
    assert rows(sessions, FeedRow.name) == []
    assert rows(sessions, Paper.title) == [TIDES.title]


def test_a_feed_that_is_not_there_is_said_so(digest: Digest) -> None:
    for command in ("pause", "resume", "remove"):
        ended = digest("source", command, "gazette")
        assert ended.code == 2
        assert "There is no feed 'gazette'; see `digest source list`" in ended.err


# A curator's hand


def picked(sessions: Sessions) -> list[tuple[str, dict[str, Any]]]:
    with sessions() as session:
        found = session.execute(
            select(Paper.title, Record.facts).join(Record).where(Record.source == "curator")
        )
        return [(title, facts) for title, facts in found]


def test_a_paper_of_arxiv_is_picked_by_any_of_its_names(services: Services) -> None:
    pipeline.load(services, "huggingface", listed(LAMPS, BELLS))

    titles = {
        sourcing.pick(services, what)
        for what in (
            LAMPS.id,
            f"{LAMPS.id}v2",
            f" https://arxiv.org/abs/{LAMPS.id}v1 ",
            f"https://arxiv.org/pdf/{LAMPS.id}v3.pdf",
            f"https://huggingface.co/papers/{LAMPS.id}",
            f"http://127.0.0.1:8000/paper/{LAMPS.id}/",
            f"https://daily.example.org/paper/{LAMPS.id}?from=mail#top",
            f"10.48550/arXiv.{LAMPS.id}",
        )
    }

    assert titles == {LAMPS.title}
    assert picked(services.sessions) == [(LAMPS.title, {})]


def test_a_paper_is_picked_by_its_doi(services: Services) -> None:
    pipeline.load(services, "feed", rss([KNOTS, TIDES]))

    titles = {
        sourcing.pick(services, what)
        for what in (
            "10.1000/knots.7",
            "doi:10.1000/KNOTS.7",
            "https://doi.org/10.1000/Knots.7",
            "http://127.0.0.1:8000/paper/10.1000-knots.7",
        )
    }

    assert titles == {KNOTS.title}
    assert picked(services.sessions) == [(KNOTS.title, {})]


def test_picked_twice_it_is_one_pick_with_the_newer_note(
    digest: Digest, services: Services
) -> None:
    pipeline.load(services, "huggingface", listed(LAMPS))

    first = digest("papers", "pick", LAMPS.id, "--note", "Look at the figures.")
    second = digest("papers", "pick", LAMPS.id, "--note", "The proof is new.")

    assert (first.code, second.code) == (0, 0)
    assert second.out == f"Picked: {LAMPS.title}\n"
    assert picked(services.sessions) == [(LAMPS.title, {"note": "The proof is new."})]
    assert rows(services.sessions, Sighting.source) == ["huggingface", "curator"]


def test_a_pick_raises_the_trend_and_dropping_it_lowers_it_again(
    services: Services, clock: StoppedClock
) -> None:
    pipeline.load(services, "huggingface", listed(LAMPS, BELLS))
    before = trend_of(services, BELLS)
    clock.advance(minutes=1)

    sourcing.pick(services, BELLS.id)
    meanwhile = trend_of(services, BELLS)
    sourcing.drop(services, BELLS.id)

    assert meanwhile > before
    assert trend_of(services, BELLS) < meanwhile
    assert "curator" not in rows(services.sessions, Sighting.source)


def trend_of(services: Services, item: Item) -> float:
    """Return what the newest edition says of *item*."""
    with services.sessions() as session:
        offered = make.offered(session)
    titles = [card.title for card in offered.cards]
    return float(offered.trend[titles.index(item.title)])


def test_an_old_paper_that_is_picked_is_news_again_until_it_is_dropped(
    services: Services, clock: StoppedClock, inbox: Inbox
) -> None:
    long_ago = clock().date() - timedelta(days=60)
    pipeline.load(services, "huggingface", listed(LAMPS), long_ago)
    with services.sessions.begin() as session:
        make.subscriber(session, next_due_at=clock())

    sourcing.pick(services, LAMPS.id)
    days = rows(services.sessions, Paper.listed_on)
    pipeline.send_due(services)
    sourcing.drop(services, LAMPS.id)

    assert days == [clock().date()]
    [mail] = inbox()
    assert LAMPS.title in inbox.text_of(mail)
    assert rows(services.sessions, Paper.listed_on) == [long_ago]


def test_what_was_not_picked_cannot_be_dropped(digest: Digest, services: Services) -> None:
    pipeline.load(services, "huggingface", listed(LAMPS))

    ended = digest("papers", "drop", LAMPS.id)
    unknown = digest("papers", "drop", BELLS.id)

    assert (ended.code, unknown.code) == (2, 2)
    assert f"{LAMPS.id} was not picked" in ended.err
    assert f"No paper is known as '{BELLS.id}'" in unknown.err


def test_a_pick_is_dropped_by_any_of_its_names(digest: Digest, services: Services) -> None:
    pipeline.load(services, "huggingface", listed(LAMPS))
    digest("papers", "pick", LAMPS.id)

    ended = digest("papers", "drop", f"https://arxiv.org/abs/{LAMPS.id}")

    assert ended.out == f"Dropped: {LAMPS.title}\n"
    assert picked(services.sessions) == []


def test_a_paper_that_is_not_known_yet_is_looked_up_at_arxiv(
    services: Services, stand: Newsstand
) -> None:
    stand.papers = [LAMPS, BELLS]

    title = sourcing.pick(
        services, f"https://arxiv.org/abs/{BELLS.id}v4", "For the sound.", stand.arxiv(None)
    )

    [asked] = stand.asked_for(QUERY)
    assert asked.words["id_list"] == BELLS.id
    assert title == BELLS.title
    assert picked(services.sessions) == [(BELLS.title, {"note": "For the sound."})]
    assert rows(services.sessions, Paper.external_id) == [BELLS.id]
    assert trend_of(services, BELLS) > 0


def test_a_paper_that_is_known_is_not_looked_up(services: Services, stand: Newsstand) -> None:
    pipeline.load(services, "huggingface", listed(LAMPS))

    sourcing.pick(services, LAMPS.id, arxiv=stand.arxiv(None))

    assert stand.asked == []


def test_a_paper_that_nobody_knows_cannot_be_picked(services: Services, stand: Newsstand) -> None:
    stand.papers = [LAMPS]

    for what in ("2611.09999", "lanterns", "10.1000/nothing", ""):
        with pytest.raises(BadInput, match=f"No paper is known as '{what}', here or at arXiv"):
            sourcing.pick(services, what, None, stand.arxiv(None))

    assert len(stand.asked_for(QUERY)) == 1
    assert rows(services.sessions, Paper.title) == rows(services.sessions, Record.facts) == []


def test_that_arxiv_does_not_answer_is_said(services: Services, stand: Newsstand) -> None:
    stand.broken = {QUERY}

    with pytest.raises(BadInput, match="is not known here, and arXiv does not answer"):
        sourcing.pick(services, "2611.09999", None, stand.arxiv(None))


# Live lists


def refresh(
    services: Services, chosen: Sequence[fetch.Source], day: date | None = None
) -> fetch.FetchReport:
    """Read *chosen* as `pipeline.fetch` does, at the newsstand instead of the real places."""
    report = fetch.fetch(
        services.sessions, chosen, pipeline.http(services), now=services.clock(), day=day
    )
    pipeline.freeze(services)
    return report


def test_every_refresh_of_the_last_days_is_a_moment_of_its_own(
    services: Services, clock: StoppedClock, stand: Newsstand
) -> None:
    moments = []
    for upvotes in (9, 12, 30):
        stand.daily[FRIDAY] = [LAMPS]
        stand.daily[THURSDAY] = [Item(id=BELLS.id, title=BELLS.title, upvotes=upvotes)]
        refresh(services, [stand.hugging_face()])
        moments.append(clock())
        clock.advance(hours=1)

    with services.sessions() as session:
        seen = session.execute(
            select(Sighting.day, Sighting.seen_at, Sighting.upvotes)
            .join(Paper)
            .where(Paper.external_id == BELLS.id)
            .order_by(Sighting.id)
        ).all()
        editions = session.scalars(select(EditionRow.built_at).order_by(EditionRow.id)).all()
    assert [tuple(each) for each in seen] == [
        (THURSDAY, moment, upvotes) for moment, upvotes in zip(moments, (9, 12, 30), strict=True)
    ]
    assert editions == moments


def test_an_explicit_past_day_was_seen_at_its_end(services: Services, stand: Newsstand) -> None:
    stand.daily[THURSDAY] = [BELLS]

    report = refresh(services, [stand.hugging_face()], THURSDAY)

    assert report.new == 1
    [(day, seen_at)] = rows(services.sessions, Sighting.day, Sighting.seen_at)
    assert day == THURSDAY
    assert seen_at.isoformat() == "2026-11-19T23:59:59+00:00"


def test_a_list_that_cannot_be_read_loses_no_other(services: Services, stand: Newsstand) -> None:
    stand.daily[FRIDAY] = [LAMPS]
    stand.daily[THURSDAY] = [1, "two"]
    stand.daily[THURSDAY - timedelta(days=1)] = [BELLS]

    report = refresh(services, [stand.hugging_face()])

    assert (report.new, report.errors) == (2, ())
    assert "of 2 entries none can be read" in report.reasons[0]
    assert rows(services.sessions, FetchRun.new, FetchRun.error) == [(2, None)]


def test_what_came_before_a_list_that_failed_is_kept(services: Services, stand: Newsstand) -> None:
    stand.daily[FRIDAY] = [LAMPS]
    stand.broken = {THURSDAY.isoformat()}

    report = refresh(services, [stand.hugging_face()])

    assert (report.new, report.errors, report.broken) == (1, (), True)
    assert rows(services.sessions, Paper.title) == [LAMPS.title]


def test_what_is_trending_is_read_beside_the_lists(services: Services, stand: Newsstand) -> None:
    stand.daily[FRIDAY] = [LAMPS]
    stand.trending = [LAMPS, BELLS]

    report = refresh(services, [stand.hugging_face()])

    assert (report.new, report.seen) == (2, 0)


# Sources that fail


@pytest.fixture
def everywhere(services: Services, stand: Newsstand) -> list[fetch.Source]:
    """Lay out a paper at each of three sources; return the sources."""
    stand.daily[FRIDAY] = [LAMPS]
    stand.announced = [BELLS]
    url = stand.feed(RSS, TIDES)
    with services.sessions.begin() as session:
        fetch.feeds.add(session, url, title="Tides", hosts=[], now=services.clock())
        [feed] = fetch.feeds.open_feeds(session)
    return [stand.hugging_face(), stand.arxiv(), feed]


PLACES = {"huggingface": HUGGING_FACE, "arxiv": ANNOUNCED, "feed:127.0.0.1": RSS}
SHOWN = {"huggingface": LAMPS, "arxiv": BELLS, "feed:127.0.0.1": TIDES}


@pytest.mark.parametrize("broken", PLACES)
def test_one_source_that_fails_costs_its_own_papers_only(
    *,
    services: Services,
    clock: StoppedClock,
    inbox: Inbox,
    stand: Newsstand,
    everywhere: Sequence[fetch.Source],
    broken: str,
) -> None:
    stand.broken = {PLACES[broken]}
    with services.sessions.begin() as session:
        make.subscriber(session, next_due_at=clock())

    report = refresh(services, everywhere)
    pipeline.send_due(services)

    assert report.new == 2
    [error] = report.errors
    assert error.startswith(f"{broken}: ")
    errors = dict(rows(services.sessions, FetchRun.source, FetchRun.error))
    assert [name for name, error in errors.items() if error] == [broken]
    assert "answered 500" in errors[broken]
    [mail] = inbox()
    text = inbox.text_of(mail)
    assert [name for name, item in SHOWN.items() if item.title not in text] == [broken]


def test_when_all_sources_fail_what_is_there_still_goes_out(
    services: Services,
    clock: StoppedClock,
    inbox: Inbox,
    stand: Newsstand,
    everywhere: Sequence[fetch.Source],
) -> None:
    refresh(services, everywhere)
    clock.advance(days=1)
    stand.broken = set(PLACES.values())
    with services.sessions.begin() as session:
        make.subscriber(session, next_due_at=clock())

    report = refresh(services, everywhere)
    pipeline.send_due(services)

    assert (report.new, report.seen, len(report.errors)) == (0, 0, 3)
    assert len(rows(services.sessions, EditionRow.built_at)) == 2
    [mail] = inbox()
    assert all(item.title in inbox.text_of(mail) for item in SHOWN.values())


def test_when_there_is_nothing_at_all_nothing_is_sent(
    services: Services,
    clock: StoppedClock,
    inbox: Inbox,
    stand: Newsstand,
    everywhere: Sequence[fetch.Source],
) -> None:
    stand.broken = set(PLACES.values())
    with services.sessions.begin() as session:
        make.subscriber(session, next_due_at=clock())

    report = refresh(services, everywhere)
    sent = pipeline.send_due(services)

    assert len(report.errors) == 3
    assert len(rows(services.sessions, EditionRow.built_at)) == 1
    assert sent.sent == 0
    assert inbox() == []


def test_a_source_that_recovers_the_same_day_is_not_lost(
    services: Services,
    clock: StoppedClock,
    inbox: Inbox,
    stand: Newsstand,
    everywhere: Sequence[fetch.Source],
) -> None:
    stand.broken = set(PLACES.values())
    with services.sessions.begin() as session:
        make.subscriber(session, next_due_at=clock())
    refresh(services, everywhere)
    pipeline.send_due(services)
    stand.broken = set()
    clock.advance(hours=1)
    with services.sessions.begin() as session:
        # It waits by the database's clock, which does not stand still.
        session.execute(update(Delivery).values(not_before=DatabaseNow()))

    report = refresh(services, everywhere)
    pipeline.send_due(services)

    assert (report.new, report.errors) == (3, ())
    assert len(inbox()) == 1


# A day


def test_a_past_day_is_read_from_those_that_can_be_asked_for_it(
    services: Services, stand: Newsstand, everywhere: Sequence[fetch.Source]
) -> None:
    stand.daily[THURSDAY] = [KNOTS, Item(id="2611.00106", title="Sails for Slow Ships")]

    report = refresh(services, everywhere, THURSDAY)

    assert (report.new, report.errors) == (1, ())
    assert stand.asked_for(ANNOUNCED) == stand.asked_for(RSS) == []
    assert [reason.partition(":")[0] for reason in report.reasons[-2:]] == ["arxiv", "feed"]
    assert rows(services.sessions, FetchRun.source) == ["huggingface"]


def test_the_default_sources_that_cannot_be_asked_for_a_day_are_named(
    digest: Digest, stand: Newsstand, sessions: Sessions
) -> None:
    digest("source", "add", stand.feed(RSS, TIDES), "--yes")
    stand.asked.clear()

    ended = digest("fetch", "--day", "2026-11-02", "--json")
    alone = digest("fetch", "--day", "2026-11-02", "--source", "feed:127.0.0.1")

    assert (ended.code, alone.code) == (0, 2)
    assert ended.last_line["new"] == 48
    assert "feed:127.0.0.1: a feed holds what is new today" in ended.err
    assert stand.asked == []
    assert set(rows(sessions, Sighting.day)) == {date(2026, 11, 2)}
