"""DOIs and arXiv ids, wherever they hide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.dois import arxiv_id_of_doi, arxiv_id_of_link, doi, named_doi


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("10.1234/ABC.1", "10.1234/abc.1"),
        ("doi:10.1234/abc", "10.1234/abc"),
        ("https://doi.org/10.1234/abc?x=1", "10.1234/abc"),
        ("http://dx.doi.org/10.1234%2Fabc#top", "10.1234/abc"),
        (
            "https://www.biorxiv.org/content/10.1101/2026.01.02.123456v2.full",
            "10.1101/2026.01.02.123456",
        ),
        ("(10.1234/abc).", "10.1234/abc"),
        ("version 10.12/abc", None),
        ("10.1234/", None),
        ("110.1234/abc", None),
        ("", None),
    ],
)
def test_a_doi_is_found_and_normalised(said: str, name: str | None) -> None:
    assert doi(said) == name


def test_in_running_text_only_what_is_called_one_is_one() -> None:
    assert named_doi("Lantern Keys 7. DOI: 10.1234/abc. Ahead of print") == "10.1234/abc"
    assert named_doi("as in 10.1234/abc") is None


def test_a_doi_of_arxiv_s_own_is_an_arxiv_id() -> None:
    assert arxiv_id_of_doi("10.48550/arxiv.2603.00801") == "2603.00801"
    assert arxiv_id_of_doi("10.1234/abc") is None
    assert arxiv_id_of_doi(None) is None


@pytest.mark.parametrize(
    ("link", "identifier"),
    [
        ("http://arxiv.org/abs/hep-th/9901001v2", "hep-th/9901001"),
        ("https://arxiv.org/pdf/2603.00801v2.pdf", "2603.00801"),
        ("https://huggingface.co/papers/2603.00801", "2603.00801"),
        ("https://www.alphaxiv.org/abs/2603.00801", "2603.00801"),
        ("oai:arXiv.org:2603.00801v1", "2603.00801"),
        ("https://journal.example.org/2603.00801", None),
        ("https://arxiv.org.evil.example/abs/2603.00801", None),
        ("http://[x/2603.00801", None),
    ],
)
def test_an_arxiv_id_is_trusted_where_it_surely_is_one(link: str, identifier: str | None) -> None:
    assert arxiv_id_of_link(link) == identifier


@given(st.text(alphabet="10./v%2F?#doi:arXiv()[]@ "))
def test_nothing_crashes_it(said: str) -> None:
    name = doi(said)

    assert name is None or doi(name) == name
    arxiv_id_of_link(said)
    named_doi(said)
