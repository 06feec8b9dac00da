"""One reader, from the form to the last mail."""

import json
import re
import signal
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.error import URLError

import psutil
import pytest
import sqlalchemy as sa

from digest import pipeline
from digest.models import Base, Standing, Subscriber
from digest.services import Services, build
from digest.settings import read_settings
from digest.web import create_app
from tests.conftest import Inbox, StoppedClock
from tests.servers import Postgres, Valkey, free_port
from tests.ses_stub import SesStub
from tests.test_up import (
    DIGEST,
    OFFLINE,
    PROMISED,
    Running,
    answer,
    eventually,
    link,
    text_of,
)
from tests.visitor import Page, Visitor

ANN = "ann@example.org"
BO = "bo@example.org"
ONE_MINUTE = 60.0
HEADERS = {
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Content-Language"),
    *("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "List-Help", "List-Owner"),
    *("Auto-Submitted", "Feedback-ID", "X-Daybreak-Delivery", "MIME-Version", "Content-Type"),
}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


class Reader:
    """Ann, who has a browser and a mailbox; time passes when she says so."""

    def __init__(self, services: Services, clock: StoppedClock, inbox: Inbox) -> None:
        self.services = services
        self.clock = clock
        self.inbox = inbox
        self.browser = Visitor(create_app(services), use_cookies=False)
        self.browser.base_url = services.settings.base_url

    def open(self, url: str) -> str:
        page = self.browser.get(self._path(url))
        assert page.status_code == 200, url
        return page.text

    def press(self, url: str, **fields: Any) -> str:
        """Press the button of the page at *url*, with *fields* filled in."""
        [form] = Page(self.open(url)).all("form", id="main")
        assert not form.get("action")
        page = self.browser.post(self._path(url), data=fields)
        assert page.status_code == 200, url
        return page.text

    def subscribe(self, **fields: Any) -> str:
        page = self.browser.post("/subscribe", data={"email": ANN, **fields})
        assert page.status_code == 200
        return page.text

    def new_mails(self, **later: float) -> list[EmailMessage]:
        """Return what comes after a while."""
        self.clock.advance(**later)
        before = len(self.inbox())
        pipeline.send_due(self.services)
        return self.inbox()[before:]

    def rows(self) -> dict[str, list[Any]]:
        """Return the whole database."""
        with self.services.sessions.begin() as session:
            return {
                table.name: list(session.execute(sa.select(table)))
                for table in Base.metadata.sorted_tables
            }

    def standing(self) -> Standing:
        with self.services.sessions.begin() as session:
            return session.scalars(sa.select(Subscriber.standing)).one()

    def _path(self, url: str) -> str:
        return url.removeprefix(self.services.settings.base_url)


@pytest.fixture
def ann(services: Services, clock: StoppedClock, inbox: Inbox) -> Reader:
    pipeline.fetch(services, ["sample"])
    return Reader(services, clock, inbox)


def papers(mail: EmailMessage) -> list[str]:
    """Return the addresses of the papers in *mail*."""
    return re.findall(r"http\S+/(?:paper|abs)/\S+", text_of(mail))


def confirmed(ann: Reader, **choices: Any) -> EmailMessage:
    """Return the first digest of Ann, who asked for it with *choices*."""
    ann.subscribe(**choices)
    [confirmation] = ann.new_mails()
    ann.press(link(confirmation, "confirm"))
    [first] = ann.new_mails()
    return first


def test_a_form_brings_one_mail_that_asks(ann: Reader) -> None:
    page = ann.subscribe(topic=["long-context"])

    [mail] = ann.new_mails()

    assert "Check your inbox" in page
    assert mail["To"] == ANN
    assert "Confirm" in mail["Subject"]
    assert mail["List-Unsubscribe"] is None
    assert ann.new_mails(days=1) == []


def test_looking_at_the_confirmation_changes_nothing(ann: Reader) -> None:
    ann.subscribe()
    [mail] = ann.new_mails()
    before = ann.rows()

    page = ann.open(link(mail, "confirm"))
    ann.browser.head(link(mail, "confirm"))

    assert ANN in page
    assert ann.rows() == before
    assert ann.new_mails() == []


def test_confirming_brings_the_first_digest_at_once(ann: Reader) -> None:
    ann.subscribe(topic=["long-context", "rlhf"], cadence="daily")
    [confirmation] = ann.new_mails()

    page = ann.press(link(confirmation, "confirm"), hour="21", zone="Asia/Tokyo")
    [first] = ann.new_mails()

    assert "You are subscribed" in page
    assert "every day at 21:00 (Asia/Tokyo)" in page
    assert "Topics, days and hour are yours to change" in text_of(first)
    assert len(set(papers(first))) == 10
    assert "You follow Long context" in text_of(first)
    assert "every day at 21:00 (Asia/Tokyo)" in " ".join(text_of(first).split())


def test_every_link_of_the_first_digest_leads_somewhere(ann: Reader) -> None:
    first = confirmed(ann, topic=["galaxies"])

    links = re.findall(r"http://\S+", text_of(first))

    pages = [ann.open(each) for each in links]
    assert len(pages) >= 14
    assert link(first, "unsubscribe") == first["List-Unsubscribe"].strip("<>")
    titles = [Page(page).all("h1") for page in pages]
    assert all(titles)


def test_a_mail_that_is_sent_has_no_second_confirmation(ann: Reader) -> None:
    ann.subscribe()
    [confirmation] = ann.new_mails()
    ann.press(link(confirmation, "confirm"))
    ann.new_mails()

    again = ann.browser.post(link(confirmation, "confirm"))

    assert again.status_code == 200
    assert ann.new_mails() == []


def test_preferences_shape_the_next_digest(ann: Reader) -> None:
    first = confirmed(ann, topic=["long-context"], cadence="daily")

    page = ann.press(
        link(first, "preferences"),
        topic=["galaxies"],
        keywords="tactile\nlemma",
        cadence="days",
        day=["sat", "sun"],
        hour="8",
        zone="Asia/Tokyo",
    )
    early = ann.new_mails(hours=16, minutes=59)
    [second] = ann.new_mails(minutes=1)

    text = " ".join(text_of(second).split())
    assert "Saved." in page
    assert early == []
    assert "every Saturday and Sunday at 08:00 (Asia/Tokyo)" in text
    assert "You follow Galaxies" in text
    assert "You follow Long context" not in text
    assert not set(papers(first)) & set(papers(second))


def test_settings_can_be_tried_out_and_nothing_is_kept(ann: Reader) -> None:
    first = confirmed(ann, topic=["long-context"], cadence="daily")
    before = ann.rows()

    page = ann.press(
        link(first, "preferences"), do="preview", topic=["galaxies"], papers="3", language="de"
    )

    preview = page[page.index('id="preview"') : page.index('id="topics"')]
    assert preview.count("<article") == 3
    assert "Galaxies" in preview
    assert ann.rows() == before


def test_a_digest_is_as_long_as_its_reader_likes(ann: Reader) -> None:
    first = confirmed(ann, cadence="daily")

    ann.press(link(first, "preferences"), papers="3")
    [second] = ann.new_mails(days=1, hours=2)

    assert len(set(papers(second))) == 3


def test_no_paper_comes_twice_and_when_none_is_left_no_mail(ann: Reader) -> None:
    shown = papers(confirmed(ann, cadence="daily"))

    for mail in [mail for _ in range(8) for mail in ann.new_mails(days=1)]:
        shown += papers(mail)

    assert len(shown) == len(set(shown)) > 20


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_ends_all_mail(ann: Reader, kind: str) -> None:
    first = confirmed(ann, cadence="daily")
    address = first["List-Unsubscribe"].strip("<>")

    answers = [ann.browser.post(address, data=ONE_CLICK, content_type=kind) for _ in range(2)]

    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [each.status_code for each in answers] == [200, 200]
    assert not any("Set-Cookie" in each.headers for each in answers)
    assert [ann.new_mails(days=1) for _ in range(5)] == [[]] * 5


def test_the_page_ends_all_mail_by_one_button(ann: Reader) -> None:
    first = confirmed(ann, cadence="daily")

    page = ann.press(link(first, "unsubscribe"))

    assert "You will get no more mails" in page
    assert [ann.new_mails(days=1) for _ in range(3)] == [[]] * 3


def test_what_was_planned_before_an_unsubscribe_is_not_sent(ann: Reader) -> None:
    first = confirmed(ann, cadence="daily")
    ann.clock.advance(days=1)
    pipeline.sweep(ann.services)

    ann.browser.post(link(first, "unsubscribe"), data=ONE_CLICK)

    assert ann.new_mails() == []


def test_coming_back_needs_a_confirmation(ann: Reader) -> None:
    first = confirmed(ann, cadence="daily")
    ann.browser.post(link(first, "unsubscribe"), data=ONE_CLICK)
    ann.new_mails(days=1)

    ann.subscribe(topic=["galaxies"])
    [confirmation] = ann.new_mails()
    before = ann.standing()
    ann.press(link(confirmation, "confirm"))
    [back] = ann.new_mails()

    assert before is Standing.PENDING
    assert "You follow Galaxies" in text_of(back)
    assert not set(papers(first)) & set(papers(back))


# The same through real processes: pages, worker and beat, PostgreSQL, Valkey, and SES.

HUGGING_FACE = [
    {
        "title": f"Tides of the network, part {number}",
        "paper": {
            "id": f"2611.{number:05}",
            "title": f"Tides of the network, part {number}",
            "summary": "We measure the tides of small networks, and they are regular.",
            "upvotes": number,
            "authors": [{"name": "Maud Ellery"}],
        },
    }
    for number in range(1, 25)
]


@pytest.fixture
def ses() -> Iterator[SesStub]:
    with SesStub(region="eu-west-1") as stub:
        yield stub


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, ses: SesStub) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", ses.url)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")


@pytest.fixture
def production(
    aws: None,  # noqa: ARG001  its variables are for the processes
    tmp_path: Path,
    postgres: Postgres,
    postgres_template: str,
    valkey: Valkey,
) -> dict[str, str]:
    """Return the variables of an installation in production that has papers."""
    (tmp_path / "sitecustomize.py").write_text(OFFLINE)
    port = str(free_port())
    here: dict[str, Any] = {
        "database_url": postgres.new_database(postgres_template),
        "broker_url": valkey.url,
        "mail_url": "ses://eu-west-1?configuration_set=test",
        "base_url": f"http://127.0.0.1:{port}",
        "secret_keys": "k" * 32,
        "suppression_key": "s" * 32,
        "sender": "Daybreak <daily@example.org>",
        "postal_address": "1 Example Street",
        "sources": "huggingface",
        "limits": "on",
    }
    services = build(read_settings(state_dir=tmp_path / "here", **here))
    pipeline.load(services, "huggingface", json.dumps(HUGGING_FACE).encode())
    services.close()
    return {
        **{f"DIGEST_{name.upper()}": value for name, value in here.items()},
        "PORT": port,
        "PYTHONPATH": str(tmp_path),
    }


WORKER = (sys.executable, "-m", "celery", "-A", "workers.app", "worker", "--beat", "-c2")


def started(name: str, *command: str | Path, **environment: str) -> Running:
    running = Running(Path(name).absolute(), **environment)
    running.command = command
    return running


def mails_to(ses: SesStub, address: str) -> list[EmailMessage]:
    return [taken.message for taken in ses.accepted if taken.to == address]


def test_the_whole_way_through_real_processes(production: dict[str, str], ses: SesStub) -> None:
    home = production["DIGEST_BASE_URL"]
    worker = started("worker", *WORKER, **production)
    web = started("web", DIGEST, "web", **production)
    adding = started("adding", DIGEST, "subscribe", BO, "--confirmed", **production)

    with worker, web, adding:
        eventually(lambda: adding.process.poll() is not None and is_up(web, home))
        answer(f"{home}/subscribe", {"email": ANN, "cadence": "daily"})
        [asking] = eventually(lambda: mails_to(ses, ANN), ONE_MINUTE)
        answer(link(asking, "confirm"), {"hour": "7", "zone": "Europe/Berlin"})
        first = eventually(lambda: next(iter(mails_to(ses, ANN)[1:]), None), ONE_MINUTE)
        status, _ = answer(first["List-Unsubscribe"].strip("<>"), ONE_CLICK)
        ends = [ended(each) for each in (worker, web)]

    assert adding.process.returncode == 0, adding.output
    [added] = mails_to(ses, BO)
    assert status == 200
    assert ends == [(0, []), (0, [])]
    assert [len(set(papers(mail))) for mail in (first, added)] == [10, 10]
    assert [HEADERS - set(mail.keys()) for mail in (first, added)] == [set(), set()]
    assert {taken.request["ConfigurationSetName"] for taken in ses.accepted} == {"test"}


def is_up(web: Running, home: str) -> bool:
    assert web.process.poll() is None, web.output
    try:
        return answer(f"{home}/healthz")[0] == 200
    except URLError:
        return False


def ended(running: Running) -> tuple[int, list[psutil.Process]]:
    """Return the exit code after SIGTERM, and which of its processes are left."""
    family = running.family()
    running.process.send_signal(signal.SIGTERM)
    code = running.process.wait(PROMISED)
    return code, psutil.wait_procs(family, PROMISED)[1]
