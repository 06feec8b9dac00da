import pytest

from digest.match.names import byline, in_order, person, same


@pytest.mark.parametrize(
    "name",
    [
        "Łukasz Kaiser",
        "lukasz kaiser",
        "Kaiser, Łukasz",
        "KAISER,  Lukasz",
        "Łukasz  Kaiser.",
    ],
)
def test_one_person_is_known_in_every_spelling(name: str) -> None:
    assert byline(["Łukasz Kaiser"]).has(person(name))


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("Geoffrey E. Hinton", "Geoffrey Hinton"),
        ("Geoffrey Hinton", "Hinton, Geoffrey E."),
        ("Hinton, Geoffrey", "geoffrey hinton"),
        ("José Álvarez-García", "Jose Alvarez Garcia"),
        ("Jo\u0301zef Wo\u0301jcik", "Józef Wójcik"),
        ("Søren Østergård", "Soren Ostergard"),
        ("Plato", "PLATO"),
        ("王小明", "王小明"),
        ("O'Neil, Cathy", "Cathy O’Neil"),
    ],
)
def test_accents_case_order_and_an_initial_make_no_other_person(shown: str, name: str) -> None:
    assert byline([shown]).has(person(name))


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("Geoffrey E. Hinton", "Geoffrey F. Hinton"),
        ("G. Hinton", "Geoffrey Hinton"),
        ("Ada Lovelace", "Ada"),
        ("Ada Lovelace", "Lovelace"),
        ("Ada King Lovelace", "Ada Lovelace"),
        ("", ""),
        ("!!", "??"),
        ("Ada", ""),
        ("プログラム", "フロクラム"),
    ],
)
def test_another_name_is_another_person(shown: str, name: str) -> None:
    assert not byline([shown]).has(person(name))


def test_a_paper_without_authors_is_by_nobody() -> None:
    assert not byline([]).has(person("Ada Lovelace"))
    assert not byline([]).has("")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Lovelace, Ada", "Ada Lovelace"),
        ("Ada Lovelace", "Ada Lovelace"),
        ("Lovelace,", "Lovelace,"),
        (", Ada", "Ada"),
    ],
)
def test_a_name_is_said_given_names_first(name: str, said: str) -> None:
    assert in_order(name) == said


def test_houses_are_compared_without_case_accents_and_dots() -> None:
    assert same("École Polytechnique") == same("ecole  polytechnique.")
    assert same("Northlake A.I.") != same("Northlake AI")
