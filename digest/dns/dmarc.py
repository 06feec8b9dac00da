"""DMARC (RFC 9989): what a domain asks of mail that only claims to be from it."""

import re
from dataclasses import dataclass

from digest.dns.resolver import Resolver

POLICIES = ("none", "quarantine", "reject")

GONE = ("pct", "rf", "ri")
"""Tags of RFC 7489 that RFC 9989 has taken out; who follows it passes over them."""

_CHOICES = {
    "p": POLICIES,
    "sp": POLICIES,
    "np": POLICIES,
    "t": ("y", "n"),
    "psd": ("y", "n", "u"),
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
}
_VERSION = re.compile(r"\s*v\s*=\s*DMARC1\s*(;|$)")
_REPORTS_TO = re.compile(r"mailto:[^@\s,;!]+@[^@\s,;!]+(![0-9]+[kmgt]?)?", re.IGNORECASE)

MOST_QUESTIONS = 8
"""A longer name is walked from its last seven labels on (section 4.10)."""


@dataclass(frozen=True, slots=True)
class Dmarc:
    """A policy record; what is odd about it, and what is gone since RFC 9989, is named."""

    tags: dict[str, str]
    odd: tuple[str, ...] = ()

    @property
    def policy(self) -> str | None:
        """What is asked for the domain itself; None: the record is void (section 4.7)."""
        if self.tags.get("p") in POLICIES and not self._wrong("sp", "np"):
            return self.tags["p"]
        # Without a sound policy, the wish for reports is taken for p=none.
        return "none" if self.reports_to or "p" not in self.tags else None

    @property
    def reports_to(self) -> tuple[str, ...]:
        """Where aggregate reports go."""
        wanted = (each.strip() for each in self.tags.get("rua", "").split(","))
        return tuple(each for each in wanted if _REPORTS_TO.fullmatch(each))

    @property
    def gone(self) -> tuple[str, ...]:
        """Tags in it that mean nothing any more."""
        return tuple(tag for tag in GONE if tag in self.tags)

    @property
    def testing(self) -> bool:
        """Whether receivers are asked to be one step milder than the policy."""
        return self.tags.get("t") == "y"

    def policy_below(self) -> str | None:
        """Return what is asked for existing subdomains without a record of their own."""
        sound = self.policy and not self._wrong("p", "sp", "np")
        return self.tags.get("sp", self.policy) if sound else self.policy

    def strict(self, tag: str) -> bool:
        """Tell whether *tag* (`adkim` or `aspf`) wants the very same domain."""
        return self.tags.get(tag) == "s"

    def _wrong(self, *tags: str) -> bool:
        return any(tag in self.tags and self.tags[tag] not in _CHOICES[tag] for tag in tags)


@dataclass(frozen=True, slots=True)
class Found:
    """The record that holds for a domain, and the domain that published it."""

    at: str
    record: Dmarc


def parsed(text: str) -> Dmarc | None:
    """Return the policy record in *text*, or None where it is none."""
    if not _VERSION.match(text):
        return None
    tags: dict[str, str] = {}
    odd = []
    for word in filter(None, (each.strip() for each in text.split(";")[1:])):
        name, equals, value = (part.strip() for part in word.partition("="))
        name = name.lower()
        value = value.lower() if name in _CHOICES else value
        if not equals or name in tags:
            odd.append(word)
            continue
        tags[name] = value
        if name in _CHOICES and value not in _CHOICES[name]:
            odd.append(word)
    return Dmarc(tags, tuple(odd))


def dmarc_of(resolver: Resolver, domain: str) -> Found | None:
    """
    Return the record that holds for mail from *domain*: its own, or its organisation's.

    Raises:
        FetchError: the DNS does not answer.

    """
    domain = domain.lower().rstrip(".")
    walked = _walk(resolver, domain)
    if walked and walked[0].at == domain:
        return walked[0]
    above = _organisation(walked, domain)
    # Nobody below a public suffix but without a record: the suffix's own counts (section 4.10.1).
    return next((each for each in walked if each.at == above), walked[-1] if walked else None)


def organisation(resolver: Resolver, domain: str) -> str:
    """
    Return the organisational domain of *domain*, by the tree walk of section 4.10.2.

    Raises:
        FetchError: the DNS does not answer.

    """
    domain = domain.lower().rstrip(".")
    return _organisation(_walk(resolver, domain), domain)


def _organisation(walked: list[Found], domain: str) -> str:
    for each in walked:
        match each.record.tags.get("psd"):
            case "n":
                return each.at
            case "y" if each.at != domain:
                below = domain.removesuffix(f".{each.at}").rpartition(".")[2]
                return f"{below}.{each.at}"
    return walked[-1].at if walked else domain


def _walk(resolver: Resolver, domain: str) -> list[Found]:
    """Return the records of *domain* and of those above it, up to one that says it is the end."""
    found = []
    for name in _names(domain):
        records = [parsed(text) for text in resolver.texts(f"_dmarc.{name}")]
        sound = [record for record in records if record is not None]
        # Two records at one name are none (section 4.10).
        if len(sound) == 1:
            found.append(Found(name, sound[0]))
            if sound[0].tags.get("psd") in ("y", "n"):
                break
    return found


def _names(domain: str) -> list[str]:
    labels = domain.split(".")
    names = [".".join(labels[first:]) for first in range(len(labels))]
    return names if len(names) <= MOST_QUESTIONS else [names[0], *names[1 - MOST_QUESTIONS :]]
