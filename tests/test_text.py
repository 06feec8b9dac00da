"""What goes out of the house is plain text, and links that may be shown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources import text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("P(A < B) & C > D", "P(A < B) & C > D"),
        ("a<b and c>d", "a<b and c>d"),
        ("$i<j$ for n<m>k", "i < j for n<m>k"),
        ("we mask <think> tokens", "we mask <think> tokens"),
        ("p &lt; 0.05, A &amp; B, 2.6&amp;lt;x", "p < 0.05, A & B, 2.6<x"),
        ("A&notin B, f(x)&copy=1", "A&notin B, f(x)&copy=1"),
        ("caf\u0065\u0301", "caf\u00e9"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
    ],
)
def test_what_looks_like_markup_and_is_none_survives(said: str, shown: str) -> None:
    assert text.clean(said, 300) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<b>bold</b> and <i>italic</i>", "bold and italic"),
        ("one<br>two<p>three</p>", "one two three"),
        ('<a href="https://evil.example">here</a>', "here"),
        ("<script>alert(1)</script>after", "after"),
        ("<style>p {}</style>after", "after"),
        ("a <img src=x onerror=alert(1)> b", "a b"),
        ("<svg/onload=alert(1)>x", "x"),
        ("before<!-- hidden -->after", "beforeafter"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;after", "after"),
        ("&amp;lt;img src=x&amp;gt;after", "after"),
    ],
)
def test_markup_goes_also_where_entities_hide_it(said: str, shown: str) -> None:
    assert text.clean(said, 300) == shown


def test_an_unclosed_script_does_not_swallow_the_text() -> None:
    assert text.clean("the <script> element is dangerous", 300).endswith("is dangerous")


@pytest.mark.parametrize("character", list("\0\x07\x1b\x7f\u00ad\u200b\u202e\u2066\ufeff\ud800"))
def test_control_and_bidi_characters_go(character: str) -> None:
    """Row 30."""
    assert text.clean(f"ab{character}cd", 300) == "abcd"


@pytest.mark.parametrize("space", ["\r\n", "\t", "\u00a0", "\u2028", "\x85", " \n "])
def test_white_space_is_folded_so_no_header_can_be_smuggled_in(space: str) -> None:
    assert text.clean(f" Subject{space}Bcc: all ", 300) == "Subject Bcc: all"


def test_long_text_is_cut_between_words() -> None:
    assert text.clean("seven words are here but four stay", 20) == "seven words are…"


@pytest.mark.parametrize("value", [None, 7, ["text"], {"text": 1}, b"text"])
def test_what_is_no_text_is_empty(value: object) -> None:
    assert text.clean(value, 300) == ""


def test_of_many_texts_each_counts_once_and_empty_ones_not() -> None:
    assert text.clean_each(["b", "a", " b", "<i></i>", None, "c"], 10, 3) == ("b", "a", "c")


@given(st.text())
def test_cleaning_twice_changes_nothing(said: str) -> None:
    once = text.clean(said, 300)

    assert text.clean(once, 300) == once


@given(st.text(alphabet="$\\{}^_~ab5x<>` '&;", max_size=60))
def test_no_mathematics_breaks_it(said: str) -> None:
    cleaned = text.clean(said, 300)

    assert cleaned.isprintable()
    assert "\x02" not in cleaned


@given(st.text(alphabet="<>/!-ab&;lt #\"'=script \n\0\u202e", max_size=200))
def test_whatever_comes_in_one_printable_line_comes_out(said: str) -> None:
    """Row 30."""
    cleaned = text.clean(said, 50)

    assert len(cleaned) <= 50
    assert cleaned.isprintable()
    assert "<b>" not in cleaned
    assert "</script>" not in cleaned


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("https://github.com/ann/x", "https://github.com/ann/x"),
        ("http://github.com/ann/x", "https://github.com/ann/x"),
        ("http://github.com:80/ann/x", "https://github.com/ann/x"),
        (" https://GitHub.com/Ann?tab=1#read me ", "https://github.com/Ann?tab=1#read%20me"),
        ("https://gist.github.com/ann/1", "https://gist.github.com/ann/1"),
        ("https://ann.github.io/tides/", "https://ann.github.io/tides/"),
        ("https://export.arxiv.org/abs/2603.00101", "https://export.arxiv.org/abs/2603.00101"),
        ('https://huggingface.co/a"><b>', "https://huggingface.co/a%22%3E%3Cb%3E"),
    ],
)
def test_links_to_known_hosts_are_kept_as_https(said: str, shown: str) -> None:
    assert text.link(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://github.com/x",
        "//github.com/x",
        "github.com/x",
        "https://evil.example/github.com",
        "https://evilgithub.com/",
        "https://github.com.evil.example/",
        "https://github.com@evil.example/",
        "https://ann@github.com/",
        "https://ann:secret@github.com/",
        "https://github.com:8443/x",
        "https://github.com\\@evil.example/",
        "https://[::1]/",
        "https://[github.com/",
        "https://github.com:x/",
        "https://github.com/" + "x" * 600,
        "",
        None,
        7,
    ],
)
def test_any_other_link_is_dropped(said: object) -> None:
    """Row 30."""
    assert text.link(said) is None


def test_the_hosts_that_the_operator_approved_are_linked_to_as_well() -> None:
    approved = ("journal.example.org",)

    assert text.link("http://journal.example.org/1", approved) == "https://journal.example.org/1"
    assert text.link("https://www.journal.example.org/1", approved)
    assert text.link("https://journal.example.org.evil.example/1", approved) is None
    assert text.link("https://example.org/1", approved) is None


@pytest.mark.parametrize(
    "said", ["https://127.0.0.1/", "https://localhost/", "https://-a.example/", "https://a..b/"]
)
def test_only_hosts_with_a_name_can_be_approved(said: str) -> None:
    assert text.https(said) is None


def test_the_host_of_a_link_is_told() -> None:
    assert text.host_of("https://journal.example.org?x=1") == "journal.example.org"
    assert text.host_of("https://journal.example.org/a?x=1") == "journal.example.org"


@given(st.text(alphabet="https:/@\\github.com[]?#% \n\u202e\u00e9", max_size=60))
def test_no_link_points_elsewhere(said: str) -> None:
    kept = text.link("https://github.com" + said)

    assert kept is None or re.match(r"https://github\.com([/?#]|$)", kept)
