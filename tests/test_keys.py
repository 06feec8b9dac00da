import stat
from pathlib import Path

import pytest

from digest.keys import Keys, keys
from digest.settings import Settings, read_settings
from tests import make

PRINT_KEYS = """
from digest.keys import keys
from digest.settings import read_settings

def run(folder):
    made = keys(read_settings(state_dir=folder))
    print(*made.signing, made.suppression)
"""


def embedded(tmp_path: Path, **values: object) -> Settings:
    return read_settings(state_dir=tmp_path / "var", **values)


def test_embedded_keys_are_made_up_once(tmp_path: Path) -> None:
    first = keys(embedded(tmp_path))
    second = keys(embedded(tmp_path))

    assert first == second
    assert len(first.signing[0]) == len(first.suppression) == 64
    assert first.signing[0] != first.suppression


def test_made_up_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    settings = embedded(tmp_path)

    keys(settings)

    files = sorted(settings.state_dir.iterdir())
    assert [path.name for path in files] == ["secret.key", "suppression.key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_processes_that_start_at_once_make_up_the_same_keys(tmp_path: Path) -> None:
    printed = set(make.all_at_once(PRINT_KEYS, str(tmp_path / "var"), 4))

    assert len(printed) == 1
    assert len(printed.pop().split()) == 2


def test_configured_keys_are_taken_and_none_is_made_up(tmp_path: Path) -> None:
    settings = embedded(tmp_path, secret_keys=f"{'n' * 32},{'o' * 32}", suppression_key="s" * 32)

    found = keys(settings)

    assert found == Keys(("n" * 32, "o" * 32), "s" * 32)
    assert not settings.state_dir.exists()


def test_a_production_key_is_never_made_up(tmp_path: Path) -> None:
    settings = read_settings(
        state_dir=tmp_path / "var",
        mail_url="ses://eu-west-1",
        base_url="https://digest.example.org",
        secret_keys="n" * 32,
        suppression_key="s" * 32,
        sender="Daybreak <digest@example.org>",
        postal_address="1 Any Street",
    )

    assert keys(settings) == Keys(("n" * 32,), "s" * 32)
    assert not settings.state_dir.exists()


SOME = Keys(("n" * 32,), "s" * 32)


def test_an_address_has_one_hash_whatever_signs_the_links() -> None:
    rotated = Keys(("x" * 32,), SOME.suppression)

    assert SOME.address_hash("ann@example.org") == rotated.address_hash("ann@example.org")
    assert SOME.leave == rotated.leave


@pytest.mark.parametrize(
    ("one", "another"),
    [
        (SOME.address_hash("ann@example.org"), SOME.address_hash("bob@example.org")),
        (
            SOME.address_hash("ann@example.org"),
            Keys((), "t" * 32).address_hash("ann@example.org"),
        ),
        (SOME.leave, Keys((), "t" * 32).leave),
        (SOME.leave, SOME.suppression),
    ],
)
def test_what_is_derived_differs(one: str, another: str) -> None:
    assert one != another


def test_a_hash_fits_its_column_and_shows_nothing_of_the_address() -> None:
    hashed = SOME.address_hash("ann@example.org")

    assert len(hashed) == 64
    assert "ann" not in hashed
