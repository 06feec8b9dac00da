"""The benchmarks of importing and of the database server run, and weigh what they say."""

from benchmarks import importing, serving
from benchmarks.measure import QUICK


def test_an_import_is_measured_and_what_is_kept_is_weighed() -> None:
    figures = {figure.name: figure.value or 0 for figure in importing.figures(QUICK, 300)}

    assert figures["import 300 readers, PostgreSQL"] > 0
    weight = {
        name.partition(": ")[2]: value for name, value in figures.items() if "with indexes" in name
    }
    assert weight["a reader, with interests and consent"] > weight["a delivery"] > 100
    assert weight["the 10 picks of a delivery"] > 1_000


def test_the_database_s_part_of_a_digest_is_measured() -> None:
    figures = {figure.name: figure.value for figure in serving.figures(60)}

    assert set(figures) == {
        "database server: plan a digest",
        "database server: claim to outcome",
    }
