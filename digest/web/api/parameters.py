"""Parameters: what the addresses of papers may say."""

import re
from collections.abc import Callable
from datetime import date

from digest.search.query import LONGEST
from digest.topics import taxonomy
from digest.web.api.operations import Parameter
from digest.web.periods import parse_day

MOST_ON_A_PAGE = 100
LAST_PAGE = 999_999


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,7}", text) or not least <= int(text) <= most:
            raise ValueError(text)
        return int(text)

    return read


def _day(text: str) -> date:
    return parse_day(text).first


def _query(text: str) -> str:
    if not text.strip() or len(text) > LONGEST:
        raise ValueError(text)
    return text.strip()


DAY = Parameter(
    name="day",
    description="A day such as 2026-11-20, in UTC; without it the newest with papers.",
    schema={"type": "string", "format": "date"},
    read=_day,
    example="2026-11-20",
)
TOPIC = Parameter(
    name="topic",
    description="The id of a topic, such as long-context: only papers about it.",
    schema={"type": "string", "enum": [topic.slug for topic in taxonomy.topics()]},
    read=lambda text: taxonomy.by_slug()[text].slug,
    example="long-context",
)
PAGE = Parameter(
    name="page",
    description="The number of a page, from 1 on.",
    schema={"type": "integer", "minimum": 1, "maximum": LAST_PAGE, "default": 1},
    read=_number(1, LAST_PAGE),
)
PER_PAGE = Parameter(
    name="per_page",
    description=f"Papers on a page, from 1 to {MOST_ON_A_PAGE}.",
    schema={"type": "integer", "minimum": 1, "maximum": MOST_ON_A_PAGE, "default": 50},
    read=_number(1, MOST_ON_A_PAGE),
)
QUERY = Parameter(
    name="q",
    description=f"What to look for, in at most {LONGEST} characters.",
    schema={"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": r"\S"},
    read=_query,
    required=True,
    example='"long context" author:hinton',
)
ID = Parameter(
    name="slug",
    description="The `id` of a paper.",
    schema={"type": "string", "minLength": 1, "pattern": "^[^/]+$"},
    required=True,
    example="2611.10117",
    in_path=True,
)
