"""A lint of MJML sources: mrml validates nothing, and passes on what it does not know."""

import re
from collections.abc import Iterator

_STYLE = re.compile(r"(?<=<mj-style>).*?(?=</mj-style>)", re.DOTALL)
_MJML_TAG = re.compile(r'<(/?)(mj[\w-]*)((?:\s+[\w-]+="[^"]*")*)\s*(/?)>')
_PARENTS = {
    "mjml": {""},
    "mj-head": {"mjml"},
    "mj-body": {"mjml"},
    "mj-title": {"mj-head"},
    "mj-preview": {"mj-head"},
    "mj-attributes": {"mj-head"},
    "mj-style": {"mj-head"},
    "mj-all": {"mj-attributes"},
    "mj-wrapper": {"mj-body"},
    "mj-section": {"mj-body", "mj-wrapper"},
    "mj-column": {"mj-section"},
    "mj-text": {"mj-column"},
    "mj-button": {"mj-column"},
    "mj-spacer": {"mj-column"},
    "mj-raw": {"mj-head", "mj-column"},
}


def problems(mjml: str) -> list[str]:
    """Return what mrml would pass over in silence."""
    found = []
    ancestors: list[str] = []
    for end, tag, attributes, empty in _MJML_TAG.findall(_STYLE.sub("", mjml)):
        if end:
            if not ancestors or ancestors.pop() != tag:
                found.append(f"source: </{tag}> out of place")
            continue
        parent = ancestors[-1] if ancestors else ""
        if tag not in _PARENTS:
            found.append(f"source: <{tag}> is not one that we use")
        elif parent not in _PARENTS[tag]:
            found.append(f"source: <{tag}> inside <{parent}>")
        found += _unitless(tag, attributes)
        if not empty:
            ancestors.append(tag)
    return found


def _unitless(tag: str, attributes: str) -> Iterator[str]:
    # A bare 0 gives Outlook wrong widths.
    for name, value in re.findall(
        r'([\w-]*(?:padding|width|height|size|radius))="([^"]*)"', attributes
    ):
        if not all(re.fullmatch(r"\d+(px|%)", part) for part in value.split()):
            yield f'source: <{tag} {name}="{value}"> lacks a unit'
