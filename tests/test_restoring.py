"""After a loss: the backup goes on, sends nothing twice, and nothing to anyone who left."""

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa

from digest import backup, delivery, lists, pipeline, subscribers
from digest.backup import Restored, Resumed
from digest.clock import Cadence, utc_now
from digest.departures import Book, Departure, Why
from digest.errors import BadInput
from digest.models import (
    AddressChange,
    Delivery,
    DeliveryKind,
    DeliveryState,
    FeedRow,
    Restoration,
    SendingBudget,
    Standing,
    Subscriber,
    Suppression,
)
from digest.services import build
from digest.settings import Settings, read_settings
from tests import make
from tests.conftest import Inbox, StoppedClock
from tests.newsstand import Item, Newsstand
from tests.servers import Postgres

READERS = 6
FEED, FEED_NAME = "/rss/tides", "feed:tides"


class House:
    """An installation whose papers come from one feed; its database can be lost."""

    def __init__(self, settings: Settings, clock: StoppedClock, stand: Newsstand) -> None:
        self.clock, self.stand, self.inbox = clock, stand, Inbox(settings.outbox)
        self.settings, self.services = settings, build(settings, clock)
        self.shown: list[Item] = []

    @property
    def url(self) -> str:
        return self.settings.database_url.get_secret_value()

    @property
    def book(self) -> Book:
        assert self.settings.departures_file
        return Book(self.settings.departures_file, self.services.keys.check)

    def open(self) -> None:
        with self.services.sessions.begin() as session:
            url = self.stand.feed(FEED)
            session.add(
                FeedRow(
                    name=FEED_NAME,
                    url=url,
                    title="T",
                    hosts=["127.0.0.1"],
                    added_at=self.clock(),
                )
            )
            for number in range(READERS):
                email = f"reader{number}@example.org"
                make.subscriber(
                    session,
                    email=email,
                    address_hash=self.services.keys.address_hash(email),
                    next_due_at=self.clock(),
                    hour=6,
                )

    def news(self, *numbers: int) -> None:
        """Let the feed show these papers too, and read it."""
        self.shown += [Item(id=f"t{n}", title=f"Tide {n} of small networks") for n in numbers]
        self.stand.feed(FEED, *self.shown)
        pipeline.fetch(self.services, [FEED_NAME])

    def send(self) -> Counter[str]:
        """Send what is due; return how many mails each address got by that."""
        before = {mail["Message-ID"] for mail in self.inbox()}
        pipeline.send_due(self.services)
        new = (mail for mail in self.inbox() if mail["Message-ID"] not in before)
        return Counter(str(mail["To"]) for mail in new)

    def save(self, folder: Path) -> Path:
        return backup.save(self.url, folder, self.services.keys)[0]

    def restore(self, path: Path, url: str) -> Restored:
        self.services.close()
        keys = self.services.keys
        restored = backup.restore(path, url, keys, now=self.clock(), book=self.book)
        self.settings = read_settings(**{**_given(self.settings), "database_url": url})
        self.services = build(self.settings, self.clock)
        return restored

    def id_of(self, number: int) -> int:
        with self.services.sessions() as session:
            found = sa.select(Subscriber.id).where(Subscriber.email == address(number))
            return session.scalars(found).one()

    def standing(self, number: int) -> Standing | None:
        with self.services.sessions() as session:
            found = sa.select(Subscriber.standing).where(Subscriber.email == address(number))
            return session.scalar(found)


def address(number: int) -> str:
    return f"reader{number}@example.org"


def _given(settings: Settings) -> dict[str, object]:
    return {
        "state_dir": settings.state_dir,
        "sources": "sample",
        "limits": "off",
        "allow_private_addresses": True,
        "departures_file": settings.departures_file,
    }


@pytest.fixture
def stand() -> Iterator[Newsstand]:
    with Newsstand() as laid_out:
        yield laid_out


@pytest.fixture
def house(
    settings: Settings, clock: StoppedClock, stand: Newsstand, tmp_path: Path
) -> Iterator[House]:
    given = {**_given(settings), "departures_file": tmp_path / "other disk" / "departures"}
    (tmp_path / "other disk").mkdir()
    house = House(read_settings(**given, database_url=settings.database_url), clock, stand)
    house.open()
    yield house
    house.services.close()


@pytest.fixture
def elsewhere(database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of the other kind."""
    if database_url.startswith("postgresql"):
        return f"sqlite:///{tmp_path / 'elsewhere.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


def papers_by_reader(mails: list[EmailMessage]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for mail in mails:
        titles = set(re.findall(r"Tide \d+ of small", Inbox.text_of(mail)))
        found.setdefault(str(mail["To"]), Counter()).update(titles)
    return found


def test_a_loss_sends_nothing_twice_and_nothing_to_anyone_who_left(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    clock = house.clock
    house.news(1, 2, 3)
    first = house.send()
    saved = house.save(tmp_path)
    clock.advance(days=1)
    house.news(4, 5, 6)
    second = house.send()
    services = house.services
    subscribers.unsubscribe(services.sessions, house.id_of(0), now=clock())
    with services.sessions.begin() as session:
        hash_1 = services.keys.address_hash(address(1))
        subscribers.stop_address(session, hash_1, Standing.COMPLAINED, clock())
    subscribers.erase(services.sessions, house.id_of(2), now=clock())
    subscribers.unsubscribe(services.sessions, house.id_of(3), now=clock())
    with services.sessions.begin() as session:
        subscribers.undo(session, house.id_of(3), now=clock())
    clock.advance(hours=3)

    restored = house.restore(saved, elsewhere)
    before = house.send()
    resumed = backup.resume(house.services)
    at_once = house.send()
    clock.advance(hours=21)
    house.news(7, 8)
    third = house.send()

    everybody = {address(n): 1 for n in range(READERS)}
    assert first == second == everybody
    assert restored.left == 3
    assert before == at_once == {}
    assert resumed == Resumed(skipped=READERS - 3, awaited=())
    assert third == {name: 1 for name in everybody if name not in map(address, range(3))}
    seen = papers_by_reader(house.inbox())
    assert max(count for papers in seen.values() for count in papers.values()) == 1
    assert len(seen[address(5)]) == 8


def lost(house: House, tmp_path: Path) -> Path:
    """Send a first day, and save it."""
    house.news(1, 2, 3)
    house.send()
    return house.save(tmp_path)


def test_who_moved_and_left_from_the_new_address_leaves(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    ann = house.id_of(0)
    with house.services.sessions.begin() as session:
        reader = session.get_one(Subscriber, ann)
        reader.email, reader.address_hash = "moved@example.org", "d" * 64
    subscribers.unsubscribe(house.services.sessions, ann, now=house.clock())

    house.restore(saved, elsewhere)

    assert house.standing(0) is Standing.UNSUBSCRIBED


def test_who_is_back_at_an_address_that_did_not_bounce_stays(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    house.book.append([Departure(house.clock(), Why.BOUNCED, house.id_of(0), "d" * 64)])

    restored = house.restore(saved, elsewhere)

    assert (restored.left, house.standing(0)) == (0, Standing.ACTIVE)
    with house.services.sessions() as session:
        assert session.get_one(Suppression, "d" * 64).reason is Standing.BOUNCED


def test_who_consented_after_they_left_stays(house: House, elsewhere: str, tmp_path: Path) -> None:
    subscribers.unsubscribe(house.services.sessions, house.id_of(0), now=house.clock())
    house.clock.advance(hours=1)
    with house.services.sessions.begin() as session:
        reader = session.get_one(Subscriber, house.id_of(0))
        reader.standing = Standing.PENDING
        session.flush()
        subscribers.confirm(session, reader, subscribers.Choices(), now=house.clock())
    saved = lost(house, tmp_path)

    restored = house.restore(saved, elsewhere)

    assert restored.left == 0
    assert house.standing(0) is Standing.ACTIVE


def test_a_complaint_is_the_last_word_even_of_who_consented_since(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    hash_0 = house.services.keys.address_hash(address(0))
    before = house.clock() - timedelta(days=900)
    house.book.append([Departure(before, Why.COMPLAINED, None, hash_0)])

    house.restore(saved, elsewhere)

    assert house.standing(0) is Standing.COMPLAINED
    with house.services.sessions() as session:
        assert session.get_one(Suppression, hash_0).reason is Standing.COMPLAINED


def test_who_was_erased_leaves_a_keyed_hash_and_no_row(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    stranger = Departure(house.clock(), Why.ERASED, 900_000, "e" * 64)
    subscribers.erase(house.services.sessions, house.id_of(0), now=house.clock())
    house.book.append([stranger])

    house.restore(saved, elsewhere)

    assert house.standing(0) is None
    with house.services.sessions() as session:
        barred = set(session.scalars(sa.select(Suppression.address_hash)))
    assert barred == {house.services.keys.address_hash(address(0)), "e" * 64}


def test_links_that_were_revoked_after_the_backup_stay_void(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    ann, bo = house.id_of(0), house.id_of(1)
    for _ in range(2):
        with house.services.sessions.begin() as session:
            reader = session.get_one(Subscriber, ann, with_for_update=True)
            subscribers.revoke(session, reader, now=house.clock())
    with house.services.sessions.begin() as session:
        reader = session.get_one(Subscriber, ann, with_for_update=True)
        subscribers.replace_feed(session, reader, now=house.clock())

    restored = house.restore(saved, elsewhere)

    assert (restored.left, house.standing(0)) == (0, Standing.ACTIVE)
    with house.services.sessions() as session:
        reader = session.get_one(Subscriber, ann)
        other = session.get_one(Subscriber, bo)
    assert (reader.link_version, reader.feed_version) == (2, 3)
    assert (other.link_version, other.feed_version) == (0, 0)


def test_a_clock_that_is_behind_makes_no_revoked_link_count_again(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    behind = house.clock() - timedelta(seconds=2)
    for now, deed in ((house.clock(), subscribers.revoke), (behind, subscribers.replace_feed)):
        with house.services.sessions.begin() as session:
            deed(session, session.get_one(Subscriber, house.id_of(0)), now=now)

    house.restore(saved, elsewhere)

    with house.services.sessions() as session:
        reader = session.scalars(sa.select(Subscriber).where(Subscriber.email == address(0))).one()
    assert (reader.link_version, reader.feeds_replaced) == (1, 1)


def test_what_was_revoked_before_a_reader_came_was_another_reader_s(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    ann = house.id_of(0)
    house.book.append(
        [
            Departure(
                house.clock() - timedelta(days=900), Why.REVOKED, ann, "e" * 64, links=3, feeds=1
            )
        ]
    )

    house.restore(saved, elsewhere)

    with house.services.sessions() as session:
        reader = session.get_one(Subscriber, ann)
    assert (reader.link_version, reader.feeds_replaced) == (0, 0)


def test_an_erasure_of_long_ago_takes_no_later_change_of_address_with_it(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    ann, now, name = house.id_of(0), house.clock(), house.services.keys.address_hash
    new = "ann@new.example"
    house.book.append([Departure(now - timedelta(days=900), Why.ERASED, 900_000, name(address(0)))])
    with house.services.sessions.begin() as session:
        reader = session.get_one(Subscriber, ann, with_for_update=True)
        subscribers.ask_to_move(session, reader, new, address_hash=name(new), now=now)
        change = session.scalars(sa.select(AddressChange.id)).one()
    subscribers.move(house.services.sessions, change, 0, now=now, wait=0)
    saved = lost(house, tmp_path)

    house.restore(saved, elsewhere)
    undone, _ = subscribers.undo_move(house.services.sessions, change, now=now, wait=0)

    assert undone is subscribers.Moved.DONE
    assert house.id_of(0) == ann


def test_a_former_address_that_was_erased_after_the_backup_is_gone_with_its_reader(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    with house.services.sessions.begin() as session:
        reader = session.get_one(Subscriber, house.id_of(0))
        reader.email, reader.address_hash = "moved@example.org", "d" * 64
        session.flush()
        hash_0 = house.services.keys.address_hash(address(0))
        subscribers.forget_address(session, hash_0, house.clock())

    house.restore(saved, elsewhere)

    # The change is lost, so mails would go to the address that was to be forgotten.
    assert house.standing(0) is None


def test_a_book_of_another_installation_is_refused_before_anything_is_written(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    theirs = Book(house.book.path.with_name("departures.1"), "f" * 64)
    theirs.append([Departure(house.clock(), Why.UNSUBSCRIBED, house.id_of(0), "a" * 64)])

    with pytest.raises(BadInput, match=r"departures\.1 is another installation's"):
        house.restore(saved, elsewhere)

    backup.check_empty(elsewhere)


def test_who_came_after_the_backup_and_left_is_not_imported_again(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    listed = tmp_path / "readers.csv"
    listed.write_text(
        "email,consent_at,consent_source\n"
        "late@example.org,2025-03-01,a list\n"
        "back@example.org,2025-03-01,a list\n"
    )
    import_(house, listed)
    late, back = (id_at(house, f"{name}@example.org") for name in ("late", "back"))
    for each in (late, back):
        subscribers.unsubscribe(house.services.sessions, each, now=house.clock())
    house.clock.advance(minutes=1)
    with house.services.sessions.begin() as session:
        subscribers.undo(session, back, now=house.clock())

    house.restore(saved, elsewhere)
    tally = import_(house, listed)

    assert (tally.active, tally.suppressed) == (1, 1)
    assert id_at(house, "back@example.org")


def import_(house: House, path: Path) -> lists.Tally:
    with lists.opened(path) as document:
        return lists.import_readers(
            house.services.sessions,
            house.services.keys,
            document,
            now=house.clock(),
            reject=lambda *_: None,
            tick=lambda _: None,
        )


def id_at(house: House, email: str) -> int:
    with house.services.sessions() as session:
        return session.scalars(sa.select(Subscriber.id).where(Subscriber.email == email)).one()


def test_a_book_that_cannot_be_read_is_told_of_before_anything_is_written(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    house.book.append([Departure(house.clock(), Why.UNSUBSCRIBED, 7, "a" * 64)])
    cut = house.book.path.with_name("departures.1.gz")
    cut.write_bytes(gzip.compress(house.book.path.read_bytes())[:-12])

    with pytest.raises(BadInput, match=r"departures\.1\.gz: it is damaged"):
        house.restore(saved, elsewhere)

    backup.check_empty(elsewhere)


def test_what_was_open_is_closed_and_what_was_being_sent_is_in_doubt(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    with house.services.sessions.begin() as session:
        reader = session.get_one(Subscriber, house.id_of(0))
        asked = make.delivery(session, reader, kind=DeliveryKind.CONFIRMATION, priority=0).id
        claimed = make.delivery(
            session, reader, state=DeliveryState.CLAIMED, lease_token="t", lease_until=make.FAR_OFF
        ).id
        sending = make.delivery(
            session,
            reader,
            state=DeliveryState.SENDING,
            lease_token="t",
            lease_until=make.FAR_OFF,
            sending_at=house.clock(),
        ).id
    saved = house.save(tmp_path)

    restored = house.restore(saved, elsewhere)
    backup.resume(house.services)

    with house.services.sessions() as session:
        found = {each.id: each.state for each in session.scalars(sa.select(Delivery))}
    assert restored.closed == 3
    assert found[asked] is found[claimed] is DeliveryState.SKIPPED
    assert found[sending] is DeliveryState.UNKNOWN
    assert house.inbox() == []


def test_who_comes_after_the_restoration_is_served_as_ever(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    house.restore(saved, elsewhere)
    with house.services.sessions.begin() as session:
        subscribers.add(
            session,
            "new@example.org",
            subscribers.Choices(),
            now=house.clock(),
            address_hash="f" * 64,
        )
    pipeline.sweep(house.services)

    backup.resume(house.services)
    sent = house.send()

    assert sent == {"new@example.org": 1}


def test_no_id_that_may_have_been_in_a_link_is_given_out_again(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    with house.services.sessions.begin() as session:
        before = session.scalars(sa.select(sa.func.max(Subscriber.id))).one()

    house.restore(saved, elsewhere)

    with house.services.sessions.begin() as session:
        new = make.subscriber(session)
        assert new.id > before + 999_999
        assert make.delivery(session, new).id > 999_999


def test_a_backup_that_is_restored_again_gives_no_number_out_twice(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    given: list[tuple[int, int]] = []

    for url in (elsewhere, f"sqlite:///{tmp_path / 'again.db'}"):
        # The backup is as old as the database's clock says, which does not stand still.
        house.clock.now = max(house.clock(), utc_now()) + timedelta(hours=1)
        house.restore(saved, url)
        with house.services.sessions.begin() as session:
            new = make.subscriber(session)
            given.append((new.id, make.delivery(session, new).id))

    # `resume` plans and skips more than four thousand a second.
    in_that_hour = 3_600 * 4_800
    assert all(later > in_that_hour + sooner for sooner, later in zip(*given, strict=True))


def test_a_source_that_could_not_be_read_is_not_offered_before_it_surely_is_new(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    house.clock.advance(days=1)
    house.news(4)
    house.send()
    house.restore(saved, elsewhere)
    house.stand.broken.add(FEED)

    resumed = backup.resume(house.services)
    house.stand.broken.clear()
    house.clock.advance(days=1)
    house.news()
    with house.services.sessions() as session:
        awaited = backup.still_awaited(session)
    second = house.send()
    house.clock.advance(days=1)
    house.news(5)
    third = house.send()

    assert resumed == Resumed(skipped=READERS, awaited=("feed:tides",))
    assert awaited == []
    assert second == {}
    assert len(third) == READERS
    assert all(max(papers.values()) == 1 for papers in papers_by_reader(house.inbox()).values())


def test_a_feed_that_the_loss_took_shows_nothing_twice_when_it_is_added_again(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    with house.services.sessions.begin() as session:
        [row] = session.scalars(sa.select(FeedRow))
        taken = {"name": row.name, "url": row.url, "title": "T", "hosts": row.hosts}
        session.delete(row)
    saved = house.save(tmp_path)
    with house.services.sessions.begin() as session:
        session.add(FeedRow(**taken, added_at=house.clock()))
    house.news(1, 2)
    first = house.send()
    house.restore(saved, elsewhere)
    house.clock.advance(days=1)
    backup.resume(house.services)

    house.clock.advance(hours=1)
    with house.services.sessions.begin() as session:
        session.add(FeedRow(**taken, added_at=house.clock()))
    house.clock.advance(days=1)
    house.news()
    second = house.send()
    house.clock.advance(days=1)
    house.news(3)
    third = house.send()

    assert (len(first), second, len(third)) == (READERS, {}, READERS)
    assert all(max(papers.values()) == 1 for papers in papers_by_reader(house.inbox()).values())


def test_pauses_that_ended_meanwhile_bring_no_digest_of_that_day(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    with house.services.sessions.begin() as session:
        until = house.clock().date() + timedelta(days=1)
        subscribers.pause(session.get_one(Subscriber, house.id_of(0)), until)
    saved = lost(house, tmp_path)
    house.restore(saved, elsewhere)
    house.clock.advance(days=2)
    house.news(4)

    backup.resume(house.services)

    assert house.send() == {}
    assert house.standing(0) is Standing.ACTIVE


def test_a_sweep_at_the_same_time_plans_nothing_that_is_sent(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    house.restore(saved, elsewhere)
    house.clock.advance(days=1)
    done = Event()

    def sweep_on() -> None:
        while not done.is_set():
            pipeline.sweep(house.services)

    with ThreadPoolExecutor(1) as beat:
        sweeping = beat.submit(sweep_on)
        backup.resume(house.services)
        done.set()
    sweeping.result()

    assert house.send() == {}
    with house.services.sessions() as session:
        days = session.scalars(
            sa.select(Delivery.dedupe_key).where(Delivery.state == DeliveryState.SKIPPED)
        ).all()
    assert days == [str(house.clock().date())] * READERS


def test_resuming_twice_skips_once(house: House, elsewhere: str, tmp_path: Path) -> None:
    saved = lost(house, tmp_path)
    house.restore(saved, elsewhere)
    house.clock.advance(days=1)

    first, second = backup.resume(house.services), backup.resume(house.services)
    house.clock.advance(days=1)
    house.news(9)

    assert first is not None
    assert second is None
    assert len(house.send()) == READERS


def test_nothing_is_resumed_of_a_restoration_that_was_broken_off(
    house: House, elsewhere: str, tmp_path: Path
) -> None:
    saved = lost(house, tmp_path)
    house.restore(saved, elsewhere)
    with house.services.sessions.begin() as session:
        session.execute(sa.update(Restoration).values(ready_at=None))

    with pytest.raises(BadInput, match="restore the backup again"):
        backup.resume(house.services)

    with house.services.sessions() as session:
        assert session.get_one(SendingBudget, 1).stopped_at


def test_without_a_restoration_resuming_only_lets_sending_go_on(house: House) -> None:
    house.news(1)
    delivery.stop(house.services.sessions, "a look", house.clock())

    assert backup.resume(house.services) is None
    assert len(house.send()) == READERS


# The book


def test_an_entry_that_a_crash_cut_short_hides_no_other(house: House) -> None:
    whole = Departure(house.clock(), Why.UNSUBSCRIBED, 7, "a" * 64)
    house.book.append([whole])
    house.book.path.write_bytes(house.book.path.read_bytes() + str(whole).encode()[:60])
    later = Departure(house.clock() + timedelta(days=1), Why.COMPLAINED, None, "b" * 64)

    house.book.append([later])

    assert list(house.book.read()) == [whole, later]


def test_an_entry_that_has_lost_only_the_end_of_its_line_counts(house: House) -> None:
    entries = [Departure(house.clock(), Why.UNSUBSCRIBED, n, "a" * 64) for n in (7, 8)]
    house.book.path.write_text("".join(map(str, entries)))

    assert list(house.book.read()) == entries


def test_a_line_of_no_day_of_the_calendar_hides_no_other(house: House) -> None:
    entry = Departure(house.clock(), Why.UNSUBSCRIBED, 7, "a" * 64)
    odd = str(entry).replace(str(house.clock().date()), "2026-02-31")
    house.book.path.write_text(f"{odd}\n{entry}\n")

    assert list(house.book.read()) == [entry]


def test_an_empty_book_is_none(house: House) -> None:
    assert house.book.trouble() is None

    assert not house.book.is_there()


def test_a_return_that_was_refused_takes_no_departure_back(house: House) -> None:
    ann = house.id_of(0)
    subscribers.unsubscribe(house.services.sessions, ann, now=house.clock())
    with house.services.sessions.begin() as session:
        session.get_one(Subscriber, ann).standing = Standing.PENDING
    no_day = subscribers.Choices(cadence=Cadence.DAYS, days=())

    with pytest.raises(BadInput, match="Which days"), house.services.sessions.begin() as session:
        subscribers.confirm(session, session.get_one(Subscriber, ann), no_day, now=house.clock())

    assert [each.why for each in house.book.read()] == [Why.UNSUBSCRIBED]


def test_a_book_that_was_moved_away_is_read_too(house: House) -> None:
    first = Departure(house.clock(), Why.UNSUBSCRIBED, 7, "a" * 64)
    house.book.append([first])
    aside = house.book.path.with_name("departures-20261120.gz")
    aside.write_bytes(gzip.compress(house.book.path.read_bytes()))
    house.book.path.rename(house.book.path.with_name("departures-of-another-house"))
    second = Departure(house.clock(), Why.ERASED, 8, "b" * 64)

    house.book.append([second])

    assert set(house.book.read()) == {first, second}
    assert house.book.path.stat().st_mode & 0o777 == 0o600


def test_nobody_is_kept_from_leaving_by_a_book_that_cannot_be_written(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.book.path.parent.rmdir()

    subscribers.unsubscribe(house.services.sessions, house.id_of(0), now=house.clock())

    assert house.standing(0) is Standing.UNSUBSCRIBED
    assert "departures cannot be written down" in caplog.text
    assert house.book.trouble()


def test_the_book_holds_no_address(house: House) -> None:
    subscribers.unsubscribe(house.services.sessions, house.id_of(0), now=house.clock())

    written = house.book.path.read_text()

    assert "@" not in written
    assert house.services.keys.address_hash(address(0)) in written
    assert house.book.trouble() is None
