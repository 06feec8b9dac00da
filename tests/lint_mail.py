"""An offline lint of mails: what mail clients would break, and what templates leave behind."""

import json
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

from markupsafe import escape

GMAIL_CLIPS_AT = 102_400
GMAIL_DROPS_STYLES_AT = 16_000

GAPS: dict[str, str] = json.loads(
    Path(__file__).with_name("caniemail.json").read_text(encoding="utf-8")
)["gaps"]

# What some client lacks and we use all the same, with what its reader gets instead.
ACCEPTED = {
    "css-at-media": "phones get the desktop's paddings; the layout is fluid without",
    "css-at-media-prefers-color-scheme": "the light design, or the client's own dark one",
    "css-border-radius": "square corners",
    "css-color-scheme": "a hint, no more",
    "css-cursor": "MJML's button",
    "css-height": "MJML's reset of images",
    "css-max-height": "MJML's preheader",
    "css-opacity": "MJML's preheader",
    "css-outline": "MJML's reset of images",
    "css-overflow": "MJML's preheader",
    "css-selector-attribute": "made for Outlook.com and Apple Mail only",
    "css-selector-child": "phone and dark only",
    "css-text-wrap": "titles break where they must",
    "css-white-space": "dates and labels may break",
    "css-word-break": "only monstrous words are wider than the sheet",
    "css-word-spacing": "MJML's body",
    "html-aria-hidden": "the wordmark's dot is read out",
    "html-aria-label": "the triangle is read out",
    "html-body": "MJML also colours a div",
    "html-target": "MJML's button",
}

LEAVING = ("nsubscribe", "bbestellen")
"""How a way out is called, in the languages that we speak."""

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
_FORBIDDEN = {"script", "form", "input", "svg", "video", "iframe", "object", "link", "base"}
_NOT_MSO = re.compile(r"<!--\[if !mso[^\]]*\]><!-->.*?<!--<!\[endif\]-->", re.DOTALL)
_MSO = re.compile(r"<!--\[if (?:gte |lte )?mso[^\]]*\]>(.*?)<!\[endif\]-->", re.DOTALL)
_GHOST = re.compile(r'<!--\[if mso \| IE\]><table[^>]*align="center"[^>]*>')
_LEFTOVER = re.compile(r"\{\{|\{%|\{#|\bUndefined\b|>\s*None\s*<")


class Mail(HTMLParser):
    """The elements, links and style sheets of a mail, and what does not close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.links: list[tuple[dict[str, str], str]] = []
        self.sheets: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.unbalanced: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        self.unbalanced += [f"<{tag}> stays open" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag not in _VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")
        if tag == "a":
            self.links.append((attributes, ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag not in _VOID:
            self.unbalanced.append(f"</{tag}> closes {self.open[-1:]}")

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["style"]:
            self.sheets.append(data)
        for tag in set(self.open):
            self.texts[tag][-1] += data
        if "a" in self.open:
            attributes, text = self.links[-1]
            self.links[-1] = (attributes, text + data)

    def attributes(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def problems(
    html: str, *, leavable: bool, content: Sequence[str] = (), lang: str = "en"
) -> list[str]:
    """
    Return what is wrong with *html*, in words; empty for a mail that may go out.

    *leavable*: it must offer a way to unsubscribe. *content*: the papers' own words, which may
    look like a template's. *lang*: what it must be marked as.
    """
    mail = Mail(html)
    found = [*_size(html, mail), *_balance(html, mail), *_leftovers(html, mail, content)]
    found += [*_links(mail, leavable=leavable), *_access(mail, lang), *_styles(mail)]
    return found


def _size(html: str, mail: Mail) -> Iterator[str]:
    size = len(html.encode())
    if size > GMAIL_CLIPS_AT - 2_400:
        yield f"size: {size} bytes, and Gmail clips at {GMAIL_CLIPS_AT}"
    styles = sum(len(sheet.encode()) for sheet in mail.sheets)
    if styles > GMAIL_DROPS_STYLES_AT:
        yield f"styles: {styles} bytes, and Gmail drops more than {GMAIL_DROPS_STYLES_AT}"


def _balance(html: str, mail: Mail) -> Iterator[str]:
    outlook = Mail(_MSO.sub(r"\1", _NOT_MSO.sub("", html)))
    yield from (f"balance: {error}" for error in mail.unbalanced)
    yield from (f"balance in Outlook: {error}" for error in outlook.unbalanced)
    opened, closed = html.count("<!--[if "), html.count("<![endif]-->")
    if opened != closed:
        yield f"comments: {opened} conditional ones opened, {closed} closed"
    for table in _GHOST.findall(html):
        if "width=" not in table:
            yield "comments: an Outlook table without a width"


def _leftovers(html: str, mail: Mail, content: Sequence[str]) -> Iterator[str]:
    for words in content:
        html = html.replace(str(escape(words)), "").replace(words, "")
    yield from (f"leftover: {found}" for found in sorted(set(_LEFTOVER.findall(html))))
    tags = {tag for tag, _ in mail.elements}
    yield from (f"leftover: <{tag}>" for tag in sorted(tags) if tag.startswith("mj"))
    yield from (f"forbidden: <{tag}>" for tag in sorted(tags & _FORBIDDEN))
    if re.search(r"fonts\.googleapis|@import|url\(", html):
        yield "forbidden: something is loaded from elsewhere"


def _links(mail: Mail, *, leavable: bool) -> Iterator[str]:
    for attributes, text in mail.links:
        target = attributes.get("href", "")
        if not re.fullmatch(r"(https?://|mailto:)[^\s<>]+", target):
            yield f"link: {target!r} is not absolute"
        if not (text.strip() or attributes.get("aria-label")):
            yield f"link: {target!r} has no text"
    if leavable and not any(way in text for _, text in mail.links for way in LEAVING):
        yield "link: no way to unsubscribe"


def _access(mail: Mail, lang: str) -> Iterator[str]:
    root = mail.attributes("html")[0]
    if root.get("lang") != lang or "dir" not in root:
        yield "access: no language or direction"
    if not "".join(mail.texts.get("title", [])).strip():
        yield "access: no title"
    if not any(meta.get("name") == "color-scheme" for meta in mail.attributes("meta")):
        yield "access: no colour scheme"
    if any("alt" not in image or "width" not in image for image in mail.attributes("img")):
        yield "access: an image without alt or width"
    if any(table.get("role") != "presentation" for table in mail.attributes("table")):
        yield "access: a table that is not presentation"


def _styles(mail: Mail) -> Iterator[str]:
    for feature in sorted(set(_features(mail))):
        if feature in GAPS and feature not in ACCEPTED:
            yield f"client: {feature} is unknown to {GAPS[feature]}"


def _features(mail: Mail) -> Iterator[str]:
    """Yield what *mail* uses, under the names of caniemail."""
    for tag, attributes in mail.elements:
        yield f"html-{tag}"
        yield from (f"html-{name}" for name in attributes)
        yield from _declared(attributes.get("style", ""))
    for sheet in mail.sheets:
        for selectors, declarations in re.findall(r"([^{};]+)\{([^{}]*)\}", sheet):
            yield from _selected(selectors)
            yield from _declared(declarations)
        yield from (f"css-at-{name}" for name in re.findall(r"@([a-z-]+)", sheet))
        yield from (f"css-at-media-{name}" for name in re.findall(r"@media[^{]*\(([a-z-]+)", sheet))


def _selected(selectors: str) -> Iterator[str]:
    for pattern, kind in (
        (r"\[", "attribute"),
        (r">", "child"),
        (r"\.\w+\.", "chaining"),
        (r"\.", "class"),
        (r"#", "id"),
        (r"\w\s+[\w.#\[]", "descendant"),
    ):
        if re.search(pattern, selectors):
            yield f"css-selector-{kind}"
    yield from (f"css-pseudo-class-{name}" for name in re.findall(r":([a-z-]+)", selectors))


def _declared(declarations: str) -> Iterator[str]:
    for name, value in re.findall(r"(?:^|;)\s*([a-z-]+)\s*:([^;]*)", declarations):
        yield f"css-{name}"
        yield f"css-{re.sub(r'-(left|right|top|bottom|color|style|width)$', '', name)}"
        if name == "display":
            yield f"css-display-{value.replace('!important', '').strip()}"
        yield from (f"css-function-{used}" for used in re.findall(r"([a-z-]+)\(", value))
        yield from (f"css-unit-{unit}" for unit in re.findall(r"\d([a-z]+)\b", value))
