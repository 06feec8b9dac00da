"""Words, days and numbers in the reader's language; and catalogues that are complete."""

import re
from datetime import date
from pathlib import Path

import pytest
from babel.messages import Catalog
from jinja2 import DictLoader

from digest.language import (
    FOLDER,
    clock_time,
    day_name,
    gettext,
    languages,
    listed,
    long_day,
    month,
    nearest,
    ngettext,
    number,
    percent,
    short_day,
    speaking,
    spoken,
)
from digest.render import environment
from tests import catalog as catalogs

DAY = date(2026, 11, 19)
MADE_UP = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n<5 ? 1 : 2);\\n"

msgid "Hello %(name)s"
msgstr "Ahoj %(name)s"

msgid "%(num)s paper"
msgid_plural "%(num)s papers"
msgstr[0] "%(num)s článek"
msgstr[1] "%(num)s články"
msgstr[2] "%(num)s článků"
"""


@pytest.fixture(scope="module")
def messages() -> Catalog:
    return catalogs.gathered()


@pytest.fixture(params=sorted(FOLDER.glob("*.po")), ids=lambda file: file.stem)
def file(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def catalog(file: Path) -> Catalog:
    return catalogs.read(file)


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    (tmp_path / "cs.po").write_text(MADE_UP, "utf-8")
    return tmp_path


def test_a_catalogue_has_every_message_of_the_code_and_no_other(
    catalog: Catalog, messages: Catalog
) -> None:
    assert {each.id for each in catalog} == {each.id for each in messages}, "run `make catalog`"


def test_a_catalogue_is_as_make_catalog_writes_it(
    file: Path, catalog: Catalog, messages: Catalog
) -> None:
    assert catalogs.brought_up_to_date(catalog, messages) == file.read_text("utf-8")


def test_every_message_is_translated_and_no_translation_is_a_guess(catalog: Catalog) -> None:
    assert [each.id for each in catalog if each.id and not all(_strings(each.string))] == []
    assert [each.id for each in catalog if each.id and each.fuzzy] == []


def test_a_translation_has_the_values_and_the_elements_of_its_message(catalog: Catalog) -> None:
    differing = [
        (each.id, string)
        for each in catalog
        if each.id
        for string in _strings(each.string)
        if not _named(string) <= _named(" ".join(_strings(each.id)))
        or (not each.pluralizable and _named(string) != _named(str(each.id)))
        or _elements(string) != _elements(_strings(each.id)[0])
    ]

    assert differing == []
    assert [(message.id, errors) for message, errors in catalog.check()] == []


def test_messages_are_filled_with_named_values_only(messages: Catalog) -> None:
    loose = [
        each.id
        for each in messages
        for string in _strings(each.id)
        if re.search(r"%(?!\(\w+\)s|%)", string)
    ]

    assert loose == []


def test_a_catalogue_without_any_word_speaks_english(tmp_path: Path) -> None:
    (tmp_path / "nl.po").write_text('msgid ""\nmsgstr ""\n', "utf-8")

    with speaking(languages(tmp_path)["nl"]):
        assert gettext("Hello %(name)s", name="Ann") == "Hello Ann"


def test_another_language_is_another_catalogue_and_nothing_else(foreign: Path) -> None:
    assert list(languages(foreign)) == ["en", "cs"]
    with speaking(languages(foreign)["cs"]) as czech:
        assert (czech.tag, czech.name, czech.direction) == ("cs", "Čeština", "ltr")
        assert gettext("Hello %(name)s", name="Ann") == "Ahoj Ann"
        assert [ngettext("%(num)s paper", "%(num)s papers", n) for n in (1, 2, 5)] == [
            "1 článek",
            "2 články",
            "5 článků",
        ]
        assert short_day(DAY) == "19. 11."


def test_a_languages_code_becomes_a_tag(tmp_path: Path) -> None:
    (tmp_path / "pt_BR.po").write_text('msgid ""\nmsgstr ""\n', "utf-8")

    [_, brazilian] = languages(tmp_path).values()

    assert (brazilian.code, brazilian.tag) == ("pt_BR", "pt-BR")


@pytest.mark.parametrize(
    ("asked", "spoken_then"),
    [("de", "de"), ("de-AT", "de"), ("de_CH_1996", "de"), ("xx", "en"), ("", "en"), (None, "en")],
)
def test_who_asks_for_what_is_not_there_gets_the_nearest(
    asked: str | None, spoken_then: str
) -> None:
    assert nearest(asked) == spoken_then
    with speaking(asked):
        assert spoken().code == spoken_then


def test_a_language_is_spoken_no_longer_than_within() -> None:
    with speaking("de"), speaking("en"):
        pass
    with pytest.raises(KeyError), speaking("de"):
        raise KeyError

    assert spoken().code == "en"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "en",
            (
                "Thursday, November 19",
                "Thursday, November 19, 2026",
                "Nov 19",
                "Nov 19, 2026",
                "November 2026",
                "07:00",
                "Monday",
                "Mon",
                "2,187",
                "37%",
                "a, b, and c",
            ),
        ),
        (
            "de",
            (
                "Donnerstag, 19. November",
                "Donnerstag, 19. November 2026",
                "19. Nov.",
                "19. Nov. 2026",
                "November 2026",
                "07:00",
                "Montag",
                "Mo",
                "2.187",
                "37\N{NO-BREAK SPACE}%",
                "a, b und c",
            ),
        ),
    ],
)
def test_days_and_numbers_are_written_as_the_language_does(
    code: str, said: tuple[str, ...]
) -> None:
    with speaking(code):
        written = (
            long_day(DAY),
            long_day(DAY, year=True),
            short_day(DAY),
            short_day(DAY, year=True),
            month(DAY),
            clock_time(7),
            day_name("mon"),
            day_name(0, short=True),
            number(2_187),
            percent(0.37),
            listed(["a", "b", "c"]),
        )

    assert written == said


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{{ _("Hello %(name)s", name="<b>") }}', "Ahoj &lt;b&gt;"),
        ('{% trans name="<b>" %}\n  Hello {{ name }}\n{% endtrans %}', "Ahoj &lt;b&gt;"),
        ('{{ ngettext("%(num)s paper", "%(num)s papers", 5000) }}', "5\xa0000 článků"),
        (
            "{% trans num=3 %}{{ num }} paper{% pluralize %}{{ num }} papers{% endtrans %}",
            "3 články",
        ),
        ('{{ "mon"|day_name }} {{ 7|clock_time }}', "pondělí 07:00"),
        ("{{ language().tag }} {{ language().direction }}", "cs ltr"),
    ],
)
def test_templates_speak_the_language_in_which_they_are_filled(
    foreign: Path, template: str, said: str
) -> None:
    made = environment(DictLoader({"a.html": template})).get_template("a.html")
    with speaking("en"):
        made.render()

    with speaking(languages(foreign)["cs"]):
        assert made.render() == said


def test_text_templates_escape_nothing() -> None:
    made = environment(DictLoader({"a.txt": '{{ _("Hello %(name)s", name="<b>") }}'}))

    assert made.get_template("a.txt").render() == "Hello <b>"


def _strings(of: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return list(of) if isinstance(of, (tuple, list)) else [of or ""]


def _named(string: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", string))


def _elements(string: str) -> list[str]:
    return sorted(re.findall(r"</?\w+", string))
