"""The search: papers by words, people, organisations and topics, the best first."""

from digest.search.query import Query, parse
from digest.search.ranking import Found, on_topic, search

__all__ = ["Found", "Query", "on_topic", "parse", "search"]
