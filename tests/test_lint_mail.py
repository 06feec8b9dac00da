"""The lints of mails and of their sources catch what they are there for."""

import pytest

from tests import lint_mail, lint_mjml

MAIL = """<!doctype html><html lang="en" dir="ltr"><head><title>A day</title>
<meta name="color-scheme" content="light dark"><style>p{margin:0}</style></head>
<body><!--[if mso | IE]><table role="presentation" align="center" width="600"><tr><td><![endif]-->
<table role="presentation"><tr><td style="padding:8px"><p>Papers</p>
<a href="https://daybreak.example/u/1">Unsubscribe</a></td></tr></table>
<!--[if mso | IE]></td></tr></table><![endif]--></body></html>"""

BREAKS = {
    "a mail that Gmail would clip": ("Papers", "Papers " * 20_000, "size"),
    "styles that Gmail would drop": ("p{margin:0}", "p{margin:0}" * 2_000, "styles"),
    "an element left open": ("</p>", "", "balance"),
    "an Outlook cell left open": ("</td></tr></table><![endif]", "</table><![endif]", "Outlook"),
    "a conditional comment left open": ("<td><![endif]-->", "<td>", "comments"),
    "an Outlook table without a width": (' width="600"', "", "without a width"),
    "a template's leftover": ("Papers", "{{ papers }}", "leftover"),
    "an MJML tag that nobody compiled": ("<p>Papers</p>", "<mj-text>A</mj-text>", "<mj-text>"),
    "a None where a word should be": ("Papers", "None", "leftover"),
    "a script": ("<p>Papers</p>", "<script>1</script>", "<script>"),
    "a font from elsewhere": ("p{margin:0}", "@import 'x';", "loaded from elsewhere"),
    "a relative link": ("https://daybreak.example/u/1", "/u/1", "not absolute"),
    "a link that runs code": ("https://daybreak.example/u/1", "javascript:x", "not absolute"),
    "a link without text": ("Unsubscribe", "", "no text"),
    "no way out": ("Unsubscribe", "Read", "unsubscribe"),
    "no language": ('lang="en"', "", "language"),
    "no title": ("A day", "", "no title"),
    "an image without alt": ("<p>Papers</p>", '<img src="https://a.example/a.png">', "alt"),
    "a table that is read out": ('<table role="presentation"><', "<table><", "not presentation"),
    "a style that clients lack": ("padding:8px", "display:flex", "css-display-flex"),
}


def test_a_sound_mail_passes() -> None:
    assert lint_mail.problems(MAIL, leavable=True) == []


@pytest.mark.parametrize(("sound", "broken", "named"), BREAKS.values(), ids=BREAKS)
def test_the_lint_catches(sound: str, broken: str, named: str) -> None:
    assert sound in MAIL

    found = lint_mail.problems(MAIL.replace(sound, broken), leavable=True)

    assert any(named in problem for problem in found), found


def test_what_looks_like_a_template_may_stand_in_a_papers_own_words() -> None:
    mail = MAIL.replace("Papers", "On {{ braces }}")

    assert lint_mail.problems(mail, leavable=True, content=["On {{ braces }}"]) == []


SOURCE = """<mjml><mj-head><mj-style>a{width:0}</mj-style></mj-head><mj-body><mj-section>
<mj-column padding="0px 40px"><mj-raw></mj-raw></mj-column></mj-section></mj-body></mjml>"""


def test_a_sound_source_passes() -> None:
    assert lint_mjml.problems(SOURCE) == []


@pytest.mark.parametrize(
    ("sound", "broken", "named"),
    [
        ("0px 40px", "0 40px", "lacks a unit"),
        ("mj-raw", "mj-row", "not one that we use"),
        ("</mj-column>", "", "out of place"),
        ("<mj-raw></mj-raw></mj-column>", "</mj-column><mj-raw></mj-raw>", "inside <mj-section>"),
    ],
)
def test_the_lint_of_sources_catches(sound: str, broken: str, named: str) -> None:
    found = lint_mjml.problems(SOURCE.replace(sound, broken))

    assert any(named in problem for problem in found), found
