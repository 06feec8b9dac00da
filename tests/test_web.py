"""The pages, as a reader walks through them."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa

from digest import subscribers
from digest.clock import Cadence
from digest.links import Purpose
from digest.models import (
    Balance,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Interest,
    InterestKind,
    NothingNew,
    Pick,
    Standing,
    Subscriber,
)
from tests.visitor import NOW, PRODUCTION, TODAY, Installation, Page, entry, installation


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, limits="off") as made:
        yield made


def test_the_first_page_says_that_there_are_no_papers_yet(here: Installation) -> None:
    answer = here.visitor().get("/")

    assert answer.status_code == 200
    assert "No papers have been fetched yet" in answer.text


def test_the_first_page_shows_the_newest_day(here: Installation) -> None:
    here.papers(entry(1, title="Of yesterday"), day=TODAY - timedelta(days=1))
    here.papers(entry(2, title="Of <b>today</b>", organization="Quill & Sons"))

    answer = here.visitor().get("/")

    assert "Of &lt;b&gt;today&lt;/b&gt;" in answer.text
    assert "Quill &amp; Sons" in answer.text
    assert "Friday, November 20" in answer.text
    assert "Of yesterday" not in answer.text


def test_invented_papers_are_marked(here: Installation) -> None:
    here.papers(entry(1, external_id="sample/one", sample=True, url=None), source="sample")

    pages = [here.visitor().get(path) for path in ("/", f"/papers/{TODAY}", "/paper/sample-one")]

    assert all("invented paper" in page.text for page in pages)


def test_the_first_page_stays_small_with_the_longest_papers(here: Installation) -> None:
    wordy = {
        "title": "A title & more " * 20,
        "summary": "A finding & its <caveats>. " * 18,
        "summary_by": "Hugging Face",
        "organization": "An organisation " * 7,
    }
    here.papers(*(entry(number, **wordy) for number in range(100)))

    answer = here.visitor().get("/")

    assert len(answer.data) <= 50 * 1024


def test_days_are_listed_newest_first(here: Installation) -> None:
    here.papers(entry(1), entry(2))
    here.papers(entry(3), day=date(2026, 11, 18))

    answer = here.visitor().get("/papers")

    assert re.findall(r'<li><a href="/papers/([\d-]+)', answer.text) == ["2026-11-20", "2026-11-18"]
    assert "2 papers" in answer.text


def test_a_day_leads_to_the_days_beside_it(here: Installation) -> None:
    for number, day in enumerate((16, 18, 20)):
        here.papers(entry(number), day=date(2026, 11, day))

    page = Page(here.visitor().get("/papers/2026-11-18").text)

    assert [link["href"] for link in page.all("a", rel="prev")] == ["/papers/2026-11-16"]
    assert [link["href"] for link in page.all("a", rel="next")] == ["/papers/2026-11-20"]


def test_a_long_day_names_every_paper_once(here: Installation) -> None:
    here.papers(*(entry(number) for number in range(100)))

    page = Page(here.visitor().get(f"/papers/{TODAY}").text)

    papers = [link["href"] for link in page.all("a") if "/paper/" in str(link["href"])]
    assert len(papers) == len(set(papers)) == 100


@pytest.mark.parametrize("day", ["2026-11-19", "20261120", "2026-W47-5", "2026-02-30", "today"])
def test_a_day_without_papers_is_not_found(here: Installation, day: str) -> None:
    here.papers(entry(1))

    assert here.visitor().get(f"/papers/{day}").status_code == 404


def test_a_paper_is_shown_with_its_links_and_who_summed_it_up(here: Installation) -> None:
    here.papers(
        entry(
            1,
            external_id="hep-th/9901001",
            summary="It is finite.",
            summary_by="Hugging Face",
            code_url="https://github.com/a/b",
            discussion_url="https://huggingface.co/papers/1",
            comments=4,
        )
    )

    answer = here.visitor().get("/paper/hep-th-9901001")

    assert "Ada Quill, Bo Ferris" in answer.text
    assert "Machine-written summary by Hugging Face" in answer.text
    assert 'href="https://github.com/a/b"' in answer.text
    assert "Discussion (4)" in answer.text


def test_an_unknown_paper_is_not_found(here: Installation) -> None:
    assert here.visitor().get("/paper/nothing").status_code == 404


def test_subscribing_asks_for_a_confirmation_and_keeps_the_choices(here: Installation) -> None:
    form = {
        "email": " Mira@Example.org ",
        "topic": ["reasoning"],
        "cadence": "days",
        "day": ["mon", "thu"],
        "hour": "18",
        "zone": "Europe/Berlin",
        "website": "",
    }

    answer = here.visitor().post("/subscribe", data=form)

    assert answer.status_code == 200
    assert "Check your inbox" in answer.text
    with here.services.sessions.begin() as session:
        reader = session.scalars(sa.select(Subscriber)).one()
        delivery = session.scalars(sa.select(Delivery)).one()
        assert (reader.email, reader.standing) == ("mira@example.org", Standing.PENDING)
        assert reader.requested["topics"] == ["reasoning"]
        assert reader.requested["days"] == ["mon", "thu"]
        assert delivery.kind is DeliveryKind.CONFIRMATION


def test_the_answer_is_the_same_for_known_and_unknown_addresses(here: Installation) -> None:
    for number, standing in enumerate(Standing):
        here.reader(f"reader{number}@example.org", standing=standing)
    emails = [f"reader{number}@example.org" for number in range(len(Standing))]

    answers = [
        here.visitor().post("/subscribe", data={"email": email})
        for email in [*emails, "stranger@example.org"]
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert len({str(answer.headers) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"email": "mira@"}, "not an e-mail address"),
        ({"email": "mira@example.org\nBcc: all@example.org"}, "not an e-mail address"),
        ({}, "not an e-mail address"),
        ({"email": "mira@example.org", "cadence": "days"}, "Which days?"),
        ({"email": "mira@example.org", "cadence": "hourly"}, "How often?"),
        ({"email": "mira@example.org", "hour": "24"}, "from 0 to 23"),
        ({"email": "mira@example.org", "hour": "1" * 5000}, "from 0 to 23"),
        ({"email": "mira@example.org", "hour": "\N{ARABIC-INDIC DIGIT SEVEN}"}, "from 0 to 23"),
        ({"email": "mira@example.org", "zone": "Middle/Earth"}, "no time zone"),
        ({"email": "mira@example.org", "topic": "gossip"}, "no topic"),
        ({"email": "mira@example.org", "day": "someday"}, "no day"),
    ],
)
def test_what_cannot_be_had_is_named(here: Installation, form: dict[str, str], said: str) -> None:
    answer = here.visitor().post("/subscribe", data=form)

    assert answer.status_code == 400
    assert said in answer.text
    assert not here.rows()["subscriber"]


def test_no_page_tells_a_visitor_to_run_a_command(here: Installation) -> None:
    answer = here.visitor().post(
        "/subscribe", data={"email": "mira@example.org", "topic": "gossip"}
    )

    assert "There is no topic" in answer.text
    assert "digest topics" not in answer.text


def test_whoever_opens_the_forms_address_comes_to_the_form(here: Installation) -> None:
    answer = here.visitor().get("/subscribe")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_a_refused_form_keeps_what_was_typed(here: Installation) -> None:
    form = {
        "email": '"><script>@example.org',
        "topic": "reasoning",
        "cadence": "days",
        "day": ["tue"],
        "hour": "21",
        "zone": "Asia/Tokyo",
    }

    answer = here.visitor().post("/subscribe", data=form)

    shown = Page(answer.text)
    assert "<script>@" not in answer.text
    assert shown.form() == {
        "email": ['"><script>@example.org'],
        "website": [""],
        "cadence": ["days"],
        "day": ["tue"],
        "topic": ["reasoning"],
        "zone": ["Asia/Tokyo"],
        "language": ["en"],
    }
    assert [option["value"] for option in shown.all("option") if "selected" in option] == ["21"]


def test_a_robot_that_fills_in_the_hidden_field_gets_the_same_page_and_nothing(
    here: Installation,
) -> None:
    robot = {"email": "mira@example.org", "website": "https://spam.example"}

    refused = here.visitor().post("/subscribe", data=robot)
    before = here.rows()["subscriber"]
    accepted = here.visitor().post("/subscribe", data={"email": "mira@example.org"})

    assert not before
    assert refused.data == accepted.data


def test_a_confirmation_shows_what_was_asked_for(here: Installation) -> None:
    reader = here.reader(
        standing=Standing.PENDING, next_due_at=None, requested={"hour": 18, "zone": "Asia/Tokyo"}
    )

    answer = here.visitor().get(here.path(Purpose.CONFIRM, reader))

    page = Page(answer.text)
    assert "mira@example.org" in answer.text
    assert page.form()["zone"] == ["Asia/Tokyo"]
    assert [option["value"] for option in page.all("option") if "selected" in option] == ["18"]


def test_confirming_makes_a_reader_of_them_at_the_hour_they_choose(here: Installation) -> None:
    reader = here.reader(standing=Standing.PENDING, next_due_at=None)

    answer = here.visitor().post(
        here.path(Purpose.CONFIRM, reader), data={"hour": "6", "zone": "Europe/Berlin"}
    )

    kept = here.kept(reader)
    assert answer.status_code == 200
    assert "first digest is on its way" in answer.text
    assert "on weekdays at 06:00 (Europe/Berlin)" in answer.text
    assert (kept.standing, kept.hour, kept.zone) == (Standing.ACTIVE, 6, "Europe/Berlin")


def test_confirming_without_any_field_keeps_the_defaults(here: Installation) -> None:
    reader = here.reader(standing=Standing.PENDING, next_due_at=None, hour=9)

    answer = here.visitor().post(here.path(Purpose.CONFIRM, reader))

    assert answer.status_code == 200
    assert (here.kept(reader).standing, here.kept(reader).hour) == (Standing.ACTIVE, 9)


def test_confirming_twice_says_so(here: Installation) -> None:
    path = here.path(Purpose.CONFIRM, here.reader(standing=Standing.PENDING, next_due_at=None))
    here.visitor().post(path)
    before = here.rows()

    answers = [here.visitor().get(path), here.visitor().post(path, data={"hour": "3"})]

    assert all("already confirmed" in answer.text for answer in answers)
    assert here.rows() == before


def test_a_wrong_zone_leaves_the_confirmation_open_and_typed(here: Installation) -> None:
    reader = here.reader(standing=Standing.PENDING, next_due_at=None)

    answer = here.visitor().post(here.path(Purpose.CONFIRM, reader), data={"zone": "Berlin"})

    assert answer.status_code == 400
    assert "no time zone" in answer.text
    assert Page(answer.text).form()["zone"] == ["Berlin"]
    assert here.kept(reader).standing is Standing.PENDING


def test_an_old_confirmation_does_not_undo_a_complaint(here: Installation) -> None:
    reader = here.reader(standing=Standing.COMPLAINED, next_due_at=None)

    answer = here.visitor().post(here.path(Purpose.CONFIRM, reader))

    assert "reported as spam" in answer.text
    assert here.kept(reader).standing is Standing.COMPLAINED


def test_preferences_show_what_is_kept_and_what_comes(here: Installation) -> None:
    reader = here.reader(days=["tue"], cadence=Cadence.WEEKLY)
    _follow(here, reader, topics=["reasoning"], keywords=["verifier", "tokenizer"])

    answer = here.visitor().get(here.path(Purpose.MANAGE, reader))

    form = Page(answer.text).form()
    assert form["topic"] == ["reasoning"]
    assert form["day"] == ["tue"]
    assert "verifier\ntokenizer</textarea>" in answer.text
    assert "Your next digest comes on Monday, November 23 at 07:00 (UTC)." in answer.text


def test_saving_keeps_every_choice(here: Installation) -> None:
    reader = here.reader()
    form = {
        "topic": ["reasoning", "quantization"],
        "keywords": "verifier\r\n\r\n  long   context ",
        "muted": "blockchain",
        "muted_topic": ["", "rlhf", "galaxies"],
        "authors": "Ada Quill\r\nBo  Ferris",
        "organizations": "Northlake AI",
        "about": "Tides, and\r\nhow they turn.",
        "balance": "field",
        "nothing_new": "tell",
        "cadence": "monthly",
        "day": "fri",
        "hour": "19",
        "zone": "Asia/Tokyo",
        "do": "save",
    }

    answer = here.visitor().post(here.path(Purpose.MANAGE, reader), data=form)

    kept = here.kept(reader)
    assert answer.status_code == 200
    assert "Saved." in answer.text
    assert "on Friday, December 4 at 19:00 (Asia/Tokyo)" in answer.text
    assert (kept.cadence, kept.days, kept.hour, kept.zone) == ("monthly", ["fri"], 19, "Asia/Tokyo")
    assert (kept.about, kept.balance) == ("Tides, and\nhow they turn.", Balance.FIELD)
    assert kept.nothing_new is NothingNew.TELL
    assert _interests(here, reader) == {
        InterestKind.TOPIC: ["reasoning", "quantization"],
        InterestKind.MUTED_TOPIC: ["rlhf", "galaxies"],
        InterestKind.KEYWORD: ["verifier", "long context"],
        InterestKind.MUTED: ["blockchain"],
        InterestKind.AUTHOR: ["Ada Quill", "Bo Ferris"],
        InterestKind.ORGANIZATION: ["Northlake AI"],
    }


def test_saving_without_a_topic_means_none_and_leaves_the_rest(here: Installation) -> None:
    reader = here.reader(cadence=Cadence.DAYS, days=["mon", "wed"], hour=5, about="Tides.")
    _follow(here, reader, topics=["reasoning"], keywords=["verifier"], hidden=["rlhf"])

    answer = here.visitor().post(here.path(Purpose.MANAGE, reader), data={"cadence": "days"})

    kept = here.kept(reader)
    assert answer.status_code == 200
    assert (kept.cadence, kept.days, kept.hour) == (Cadence.DAYS, ["mon", "wed"], 5)
    assert (kept.about, kept.balance) == ("Tides.", Balance.EVEN)
    assert {kind: named for kind, named in _interests(here, reader).items() if named} == {
        InterestKind.KEYWORD: ["verifier"],
        InterestKind.MUTED_TOPIC: ["rlhf"],
    }


def test_a_form_sent_back_untouched_changes_nothing(here: Installation) -> None:
    reader = here.reader(about="Tides.", balance=Balance.EVERYBODY)
    _follow(here, reader, topics=["reasoning"], keywords=["verifier"], hidden=["rlhf"])
    path = here.path(Purpose.MANAGE, reader)
    before = _interests(here, reader)

    form = Page(here.visitor().get(path).text).form()
    here.visitor().post(path, data={**form, "do": "save"})

    assert _interests(here, reader) == before
    assert here.kept(reader).balance is Balance.EVERYBODY


def test_the_last_hidden_topic_can_be_shown_again(here: Installation) -> None:
    reader = here.reader()
    _follow(here, reader, topics=[], hidden=["rlhf"])
    path = here.path(Purpose.MANAGE, reader)
    hidden = Page(here.visitor().get(path).text).form()["muted_topic"]

    here.visitor().post(path, data={"muted_topic": ""})

    assert hidden == ["", "rlhf"]
    assert _interests(here, reader)[InterestKind.MUTED_TOPIC] == []


def test_a_topic_that_is_followed_and_hidden_is_named(here: Installation) -> None:
    reader = here.reader()
    form = {"topic": "rlhf", "muted_topic": ["", "rlhf"]}

    answer = here.visitor().post(here.path(Purpose.MANAGE, reader), data=form)

    assert answer.status_code == 400
    assert "Follow RLHF and reward models or hide it?" in answer.text
    assert Page(answer.text).form()["muted_topic"] == ["", "rlhf"]
    assert _interests(here, reader)[InterestKind.TOPIC] == []


def test_a_refused_save_changes_nothing_and_keeps_what_was_typed(here: Installation) -> None:
    reader = here.reader()
    _follow(here, reader, topics=["reasoning"])
    form = {
        "topic": "quantization",
        "keywords": "verifier",
        "zone": "Nowhere",
        "about": "I <study> tides.",
        "balance": "field",
    }

    answer = here.visitor().post(here.path(Purpose.MANAGE, reader), data=form)

    shown = Page(answer.text).form()
    assert answer.status_code == 400
    assert "no time zone" in answer.text
    assert (shown["topic"], shown["zone"]) == (["quantization"], ["Nowhere"])
    assert shown["balance"] == ["field"]
    assert "verifier</textarea>" in answer.text
    assert "I &lt;study&gt; tides.</textarea>" in answer.text
    assert _interests(here, reader)[InterestKind.TOPIC] == ["reasoning"]


def test_a_pause_lasts_until_its_date(here: Installation) -> None:
    reader = here.reader()
    _follow(here, reader, topics=["reasoning"])

    answer = here.visitor().post(
        here.path(Purpose.MANAGE, reader), data={"do": "pause", "until": "2026-12-01"}
    )

    kept = here.kept(reader)
    assert "Paused until Tuesday, December 1, 2026." in answer.text
    assert (kept.standing, kept.paused_until) == (Standing.PAUSED, date(2026, 12, 1))
    assert _interests(here, reader)[InterestKind.TOPIC] == ["reasoning"]


def test_a_pause_without_a_date_lasts_until_it_is_ended(here: Installation) -> None:
    reader = here.reader()
    path = here.path(Purpose.MANAGE, reader)

    paused = here.visitor().post(path, data={"do": "pause", "until": ""})
    standing = here.kept(reader).standing
    resumed = here.visitor().post(path, data={"do": "resume"})

    assert "Paused until you resume." in paused.text
    assert standing is Standing.PAUSED
    assert "Welcome back." in resumed.text
    assert here.kept(reader).standing is Standing.ACTIVE


@pytest.mark.parametrize("until", ["2026-11-20", "2020-01-01", "tomorrow"])
def test_a_pause_needs_a_day_to_come(here: Installation, until: str) -> None:
    reader = here.reader()

    answer = here.visitor().post(
        here.path(Purpose.MANAGE, reader), data={"do": "pause", "until": until}
    )

    assert answer.status_code == 400
    assert "Until when?" in answer.text
    assert here.kept(reader).standing is Standing.ACTIVE


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing.PENDING, "not confirmed yet"),
        (Standing.UNSUBSCRIBED, "You are unsubscribed"),
        (Standing.BOUNCED, "mails came back"),
        (Standing.COMPLAINED, "reported as spam"),
    ],
)
def test_the_link_of_somebody_who_gets_no_digest_says_what_to_do(
    here: Installation, standing: Standing, said: str
) -> None:
    reader = here.reader(standing=standing)
    path = here.path(Purpose.MANAGE, reader)

    answers = [here.visitor().get(path), here.visitor().post(path, data={"hour": "3"})]

    assert all(answer.status_code == 200 and said in answer.text for answer in answers)
    assert (here.kept(reader).standing, here.kept(reader).hour) == (standing, 7)


def test_a_sent_digest_can_be_read_again_without_anything_of_its_reader(
    here: Installation,
) -> None:
    reader = here.reader()
    here.papers(entry(1, title="Followed"), entry(2, title="Trending"))
    delivery = here.digest_to(reader)
    _pick(here, reader, delivery, paper=1, reasons=[{"lead": "You follow", "chips": ["Reasoning"]}])
    why: list[dict[str, object]] = [{"lead": "Trending: 90 upvotes", "chips": [], "words": []}]
    _pick(here, reader, delivery, paper=2, reasons=why)

    answer = here.visitor().get(here.path(Purpose.VIEW, delivery))

    links = [str(link["href"]) for link in Page(answer.text).all("a")]
    assert answer.text.index("From your topics") < answer.text.index("Followed")
    assert answer.text.index("Trending everywhere") < answer.text.index(">Trending</a>")
    assert "You follow" in answer.text
    assert "mira@example.org" not in answer.text
    assert not any(word in link for link in links for word in ("preferences", "unsubscribe"))
    assert "<form" not in answer.text


def test_a_sent_digest_tells_the_words_that_carried_each_match(here: Installation) -> None:
    reader = here.reader()
    here.papers(entry(1), entry(2))
    delivery = here.digest_to(reader)
    follow: dict[str, object] = {"lead": "You follow", "chips": ["Reasoning"]}
    told = [{**follow, "words": ["proof", "search"]}, {**follow, "words": ["proof", "<b>"]}]
    _pick(here, reader, delivery, paper=1, reasons=told)
    _pick(here, reader, delivery, paper=2, reasons=[follow])

    answer = here.visitor().get(here.path(Purpose.VIEW, delivery))

    assert answer.text.count("Words that carried it") == 1
    assert "Words that carried it: proof, search, &lt;b&gt;</p>" in answer.text


def test_a_digest_in_the_browser_has_the_date_of_its_mail(here: Installation) -> None:
    reader = here.reader(zone="Pacific/Kiritimati")
    delivery = here.digest_to(reader)
    with here.services.sessions.begin() as session:
        session.get_one(Delivery, delivery).sending_at = NOW + timedelta(days=2)

    answer = here.visitor().get(here.path(Purpose.VIEW, delivery))

    assert "<h1>Friday, November 20, 2026</h1>" in answer.text


def test_a_digest_that_went_out_after_the_backup_is_not_called_an_empty_one(
    here: Installation,
) -> None:
    delivery = here.digest_to(here.reader(), DeliveryState.SKIPPED)

    answer = here.visitor().get(here.path(Purpose.VIEW, delivery))

    assert answer.status_code == 404
    assert "nothing was new" not in answer.text


def test_a_view_link_of_another_mail_is_not_found(here: Installation) -> None:
    reader = here.reader()
    here.visitor().post("/subscribe", data={"email": "mira@example.org"})
    with here.services.sessions.begin() as session:
        delivery = session.scalars(sa.select(Delivery)).one()
        path = here.path(Purpose.VIEW, delivery.id)

    assert here.visitor().get(path).status_code == 404
    assert here.kept(reader).standing is Standing.ACTIVE


def test_the_button_of_the_page_unsubscribes(here: Installation) -> None:
    reader = here.reader()
    path = here.path(Purpose.LEAVE, reader)

    asked = here.visitor().get(path)
    before = here.kept(reader).standing
    done = here.visitor().post(path)

    assert Page(asked.text).all("form", id="main", method="post")
    assert before is Standing.ACTIVE
    assert "You will get no more mails" in done.text
    assert here.kept(reader).standing is Standing.UNSUBSCRIBED


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_unsubscribes_again_and_again(here: Installation, kind: str) -> None:
    reader = here.reader()
    path = here.path(Purpose.LEAVE, reader)

    answers = [
        here.visitor().post(path, data={"List-Unsubscribe": "One-Click"}, content_type=kind)
        for _ in range(3)
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.mimetype for answer in answers} == {"text/plain"}
    assert all(len(answer.data) < 100 for answer in answers)
    assert not any("Set-Cookie" in answer.headers for answer in answers)
    assert here.kept(reader).standing is Standing.UNSUBSCRIBED


def test_one_click_works_for_a_reader_who_was_erased(here: Installation) -> None:
    path = here.path(Purpose.LEAVE, 4711)

    answers = [
        here.visitor().get(path),
        here.visitor().post(path, data={"List-Unsubscribe": "One-Click"}),
        here.visitor().post(path),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_a_mail_on_its_way_is_admitted(here: Installation) -> None:
    reader = here.reader()
    here.digest_to(reader, DeliveryState.SENDING)

    answer = here.visitor().post(here.path(Purpose.LEAVE, reader))

    assert "being sent at this very moment" in answer.text


def test_the_outbox_shows_mails_with_links_that_open(here: Installation) -> None:
    _write(here, "20261120T090000.000000Z-1", "First", '<a href="http://127.0.0.1:8000/x">Go</a>')
    _write(here, "20261120T090100.000000Z-2", "Second <b>", "<p>Hello</p>")

    listing = here.visitor().get("/outbox")
    mail = here.visitor().get("/outbox/20261120T090000.000000Z-1")
    html = here.visitor().get("/outbox/20261120T090000.000000Z-1/html")

    assert listing.text.index("Second &lt;b&gt;") < listing.text.index("First")
    assert "In plain words" in mail.text
    assert Page(mail.text).all("iframe", src="/outbox/20261120T090000.000000Z-1/html")
    assert '<a target="_blank" href="http://127.0.0.1:8000/x">' in html.text
    assert html.mimetype == "text/html"
    assert "sandbox allow-popups" in html.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in html.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["nothing", "..%2Fsecret", "%2Fetc%2Fpasswd", ".hidden", "*"])
def test_the_outbox_opens_no_other_file(here: Installation, name: str) -> None:
    _write(here, "1", "Subject", "<p>Hello</p>")
    (here.services.settings.outbox / "../secret.eml").write_text("Subject: secret\n\n")
    (here.services.settings.outbox / ".hidden.eml").write_text("Subject: half\n\n")

    assert here.visitor().get(f"/outbox/{name}").status_code == 404


def test_an_empty_outbox_says_so(here: Installation) -> None:
    assert "Nothing yet" in here.visitor().get("/outbox").text


def test_there_is_no_outbox_in_production(tmp_path: Path) -> None:
    with installation(tmp_path, **PRODUCTION) as there:
        answers = [there.visitor().get("/outbox"), there.visitor().get("/")]

    assert [answer.status_code for answer in answers] == [404, 200]
    assert "/outbox" not in answers[1].text


def test_the_house_says_who_and_how_it_is(here: Installation) -> None:
    visitor = here.visitor()

    assert "Runs on this machine only." in visitor.get("/privacy").text
    assert visitor.get("/about").status_code == 200
    assert visitor.get("/robots.txt").mimetype == "text/plain"
    assert visitor.get("/healthz").json == {"status": "ok"}


def test_health_fails_without_a_table(here: Installation) -> None:
    with here.services.sessions.begin() as session:
        session.execute(sa.text("DROP TABLE sending_budget"))

    answer = here.visitor().get("/healthz")

    assert answer.status_code == 503
    assert answer.json == {"status": "the database is not up to date"}


def test_health_fails_when_the_database_cannot_be_read(here: Installation, tmp_path: Path) -> None:
    (tmp_path / "daybreak.db").write_text("Dear Ann, this is no database. " * 50)

    answer = here.visitor().get("/healthz")

    assert answer.status_code == 503
    assert answer.json == {"status": "the database does not answer"}


def test_the_stylesheet_holds_the_tokens_and_may_be_kept(here: Installation) -> None:
    page = Page(here.visitor().get("/").text)
    [address] = [str(link["href"]) for link in page.all("link", rel="stylesheet")]

    answer = here.visitor().get(address)
    again = here.visitor().get(address, headers={"If-None-Match": answer.headers["ETag"]})

    assert answer.mimetype == "text/css"
    assert "--accent:#9a3412" in answer.text
    assert "$" not in answer.text
    assert "immutable" in answer.headers["Cache-Control"]
    assert len(answer.data) <= 12 * 1024
    assert again.status_code == 304
    assert here.visitor().get("/static/other.css").status_code == 404


def test_every_page_is_sound(here: Installation) -> None:
    reader, pending = here.reader(), here.reader("new@example.org", standing=Standing.PENDING)
    here.papers(entry(1))
    here.edition()
    delivery = here.digest_to(reader)
    _pick(here, reader, delivery, paper=1, place=0, reasons=[])
    _write(here, "1", "Subject", "<p>Hello</p>")
    paths = [
        *("/", "/papers", f"/papers/{TODAY}", "/paper/2611.00001", "/about", "/privacy"),
        *("/outbox", "/outbox/1", "/nowhere", here.path(Purpose.CONFIRM, pending)),
        *(here.path(purpose, reader) for purpose in (Purpose.MANAGE, Purpose.LEAVE)),
        here.path(Purpose.VIEW, delivery),
        f"{here.path(Purpose.RATE, delivery)}/0/more",
    ]

    for path in paths:
        page = Page(here.visitor().get(path).text)
        ids = page.every("id")
        labels = [label["for"] for label in page.all("label") if "for" in label]
        pointed = " ".join(page.every("aria-describedby") + page.every("aria-labelledby")).split()
        assert len(page.all("h1")) == 1, path
        assert len(ids) == len(set(ids)), path
        assert {*labels, *pointed} <= set(ids), path
        assert not page.every("style"), path
        assert not page.all("style"), path
        assert all(script.get("src") for script in page.all("script")), path
        leads = {action for action in page.every("action") if not action.startswith("#")}
        assert leads <= {"/subscribe", "/search"}, path


def test_token_pages_have_one_main_form_that_posts_to_itself(here: Installation) -> None:
    reader, pending = here.reader(), here.reader("new@example.org", standing=Standing.PENDING)
    paths = [
        here.path(Purpose.CONFIRM, pending),
        here.path(Purpose.MANAGE, reader),
        here.path(Purpose.LEAVE, reader),
    ]

    for path in paths:
        [form] = Page(here.visitor().get(path).text).all("form", id="main")
        assert form["method"] == "post"
        assert "action" not in form


def _follow(
    here: Installation,
    reader: int,
    *,
    topics: list[str],
    keywords: list[str] | None = None,
    hidden: list[str] | None = None,
) -> None:
    with here.services.sessions.begin() as session:
        for kind, values in (
            (InterestKind.TOPIC, topics),
            (InterestKind.KEYWORD, keywords or []),
            (InterestKind.MUTED_TOPIC, hidden or []),
        ):
            session.add_all(Interest(subscriber_id=reader, kind=kind, value=v) for v in values)


def _interests(here: Installation, reader: int) -> dict[InterestKind, list[str]]:
    with here.services.sessions.begin() as session:
        return subscribers.interests(session, [reader])[reader]


def _pick(
    here: Installation,
    reader: int,
    delivery: int,
    *,
    paper: int,
    reasons: list[dict[str, object]],
    place: int | None = None,
) -> None:
    with here.services.sessions.begin() as session:
        session.add(
            Pick(
                subscriber_id=reader,
                paper_id=paper,
                delivery_id=delivery,
                place=paper if place is None else place,
                reasons=reasons,
            )
        )


def _write(here: Installation, name: str, subject: str, html: str) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["To"], mail["Date"] = subject, "mira@example.org", NOW
    mail["From"] = "daybreak@localhost"
    mail.set_content("In plain words")
    mail.add_alternative(html, subtype="html")
    here.services.settings.outbox.mkdir(parents=True, exist_ok=True)
    (here.services.settings.outbox / f"{name}.eml").write_bytes(bytes(mail))
