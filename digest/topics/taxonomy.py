"""The taxonomy: the topics that a reader can follow by name."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Topic:
    slug: str
    name: str
    group: str
    description: str
    categories: tuple[str, ...]
    """The arXiv categories where most of its papers are."""
    seeds: tuple[str, ...]
    """Terms that a paper about it tends to use, in lower case."""
    title_seeds: tuple[str, ...]
    """Terms too common to tell anything, unless they stand in the title."""


@cache
def topics() -> tuple[Topic, ...]:
    """Return the topics in the taxonomy's order, which is the order of every topic axis."""
    text = resources.files("digest.topics").joinpath("taxonomy.toml").read_text("utf-8")
    return tuple(
        Topic(
            slug=entry["slug"],
            name=entry["name"],
            group=entry["group"],
            description=entry["description"],
            categories=tuple(entry["categories"]),
            seeds=tuple(entry["seeds"]),
            title_seeds=tuple(entry.get("title_seeds", ())),
        )
        for entry in tomllib.loads(text)["topic"]
    )


@cache
def by_slug() -> dict[str, Topic]:
    return {topic.slug: topic for topic in topics()}


def grouped() -> dict[str, list[Topic]]:
    """Return the topics by group, in the taxonomy's order."""
    groups: dict[str, list[Topic]] = {}
    for topic in topics():
        groups.setdefault(topic.group, []).append(topic)
    return groups
