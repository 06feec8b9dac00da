"""The API under schemathesis: whatever is asked, the answer is one that its description names."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from digest.links import Purpose
from tests.visitor import Installation, entry, installation

Operation = APIOperation[Any, Any, Any, Any]

POSITIVE = (
    *("GET /papers", "GET /papers/{slug}", "GET /search", "GET /topics"),
    *("POST /subscriptions", "GET /digests/{token}"),
)
NEGATIVE = ("GET /papers", "GET /search", "POST /subscriptions")
"""Those that can be asked in a wrong way: any text may be the name of a paper."""

QUICKLY = settings(
    max_examples=40,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("api"), limits="off") as made:
        made.papers(entry(1), entry(2))
        made.edition()
        yield made


@pytest.fixture(scope="module")
def operations(here: Installation) -> dict[str, Operation]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", here.app)
    found = list(schema.get_all_operations())
    return {each.ok().label: each.ok() for each in found if isinstance(each, Ok)}


@pytest.fixture(scope="module")
def token(here: Installation) -> str:
    return here.path(Purpose.FEED, here.reader()).rpartition("/")[2]


def test_all_operations_are_tried(operations: dict[str, Operation]) -> None:
    assert set(operations) == set(POSITIVE)


@pytest.mark.parametrize("name", POSITIVE)
def test_what_is_asked_rightly_is_answered_as_described(
    operations: dict[str, Operation], name: str, token: str
) -> None:
    known = {"slug": "2611.00001", "token": token}

    @QUICKLY
    @given(case=operations[name].as_strategy(), there=st.booleans())
    def ask(case: Case[Any], there: bool) -> None:  # noqa: FBT001
        if there:
            case.path_parameters = {each: known[each] for each in case.path_parameters or {}}
        # JSON Schema knows no time zones, and no characters that nobody can see.
        strict: list[Any] = [positive_data_acceptance] if case.method == "POST" else []
        case.call_and_validate(excluded_checks=strict)

    ask()


@pytest.mark.parametrize("name", NEGATIVE)
def test_what_is_asked_wrongly_is_refused_as_described(
    operations: dict[str, Operation], name: str
) -> None:
    @QUICKLY
    @given(case=operations[name].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def ask(case: Case[Any]) -> None:
        case.call_and_validate()

    ask()
