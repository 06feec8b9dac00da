import re

import pytest

from digest.topics import taxonomy
from digest.topics.taxonomy import Topic
from digest.topics.terms import words

EVERY_TOPIC = pytest.mark.parametrize("topic", taxonomy.topics(), ids=lambda topic: topic.slug)


def test_there_are_at_least_sixty_topics() -> None:
    assert len(taxonomy.topics()) >= 60


def test_slugs_and_names_are_unique() -> None:
    topics = taxonomy.topics()

    assert len({topic.slug for topic in topics}) == len(topics)
    assert len({topic.name.lower() for topic in topics}) == len(topics)


@EVERY_TOPIC
def test_a_topic_is_fit_to_be_shown_and_kept(topic: Topic) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", topic.slug)
    assert len(topic.slug) <= 100
    assert topic.name == topic.name.strip()
    assert topic.group
    assert topic.description.endswith(".")


@EVERY_TOPIC
def test_seeds_are_in_lower_case_named_once_and_hold_a_word(topic: Topic) -> None:
    assert topic.seeds
    assert len(set(topic.seeds)) == len(topic.seeds)
    assert all(seed == seed.lower().strip() and words(seed) for seed in topic.seeds)


@EVERY_TOPIC
def test_what_tells_only_in_a_title_is_no_seed_for_everywhere(topic: Topic) -> None:
    everywhere = {tuple(words(seed)) for seed in topic.seeds}

    assert all(seed == seed.lower().strip() and words(seed) for seed in topic.title_seeds)
    assert not everywhere & {tuple(words(seed)) for seed in topic.title_seeds}


@EVERY_TOPIC
def test_categories_are_those_of_arxiv(topic: Topic) -> None:
    assert topic.categories
    assert all(re.fullmatch(r"[a-z-]+(\.[A-Za-z-]+)?", name) for name in topic.categories)


def test_a_topic_is_found_by_its_slug() -> None:
    topic = taxonomy.topics()[3]

    assert taxonomy.by_slug()[topic.slug] is topic


def test_groups_hold_every_topic_once_in_order() -> None:
    grouped = [topic for group in taxonomy.grouped().values() for topic in group]

    assert sorted(grouped, key=taxonomy.topics().index) == list(taxonomy.topics())
