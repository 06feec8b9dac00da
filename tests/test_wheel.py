"""The wheel, unpacked far from the checkout: it holds all that the service needs."""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.test_up import PROMISED, Running, answer, eventually, link, surroundings

ROOT = Path(__file__).parents[1]
ALONE = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
DIGEST = ("-c", "from digest.cli import main; main()")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("hatchling") is None:
        pytest.skip("NOT TESTED: hatchling is missing, so no wheel can be built")
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", ROOT, "-w", folder, *ALONE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Python that has the wheel and the libraries, but does not know the checkout."""
    home = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(home, symlinks=True)
    [site] = home.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # Of a folder named in a .pth no other .pth is read: the checkout's, that is.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    return home / "bin" / "python"


def test_it_holds_the_service_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    packed = {name.partition("/")[0] for name in names}
    ours = {
        f"{folder}/{path.relative_to(ROOT / origin)}"
        for folder, origin in (
            ("digest", "digest"),
            ("workers", "workers"),
            ("digest/templates", "templates"),
        )
        for path in (ROOT / origin).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours - names == set()
    assert {each for each in packed if "dist-info" not in each} == {
        "digest",
        "workers",
        "celeryconfig.py",
    }


def test_it_previews_the_sample_day(python: Path, tmp_path: Path) -> None:
    previewed = subprocess.run(
        [python, *DIGEST, "preview", "--sample", "--format", "html"],
        cwd=tmp_path,
        env=surroundings(tmp_path / "var"),
        capture_output=True,
        text=True,
        check=True,
    )

    assert "Sample day" in previewed.stdout
    assert list(tmp_path.iterdir()) == []


def test_it_is_not_the_checkout_and_knows_its_version(python: Path, tmp_path: Path) -> None:
    asked = "import celeryconfig, digest, workers; print(digest.__file__, workers.__file__, "
    asked += "celeryconfig.__file__)"

    places, version = (
        subprocess.run(
            [python, *words],
            cwd=tmp_path,
            env=surroundings(tmp_path / "var"),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for words in (("-c", asked), (*DIGEST, "--version"))
    )

    assert [Path(each).is_relative_to(python.parents[1]) for each in places.split()] == [True] * 3
    assert "0.1.0" in version


def test_it_runs_everything(python: Path, tmp_path: Path) -> None:
    up = Running(tmp_path / "var")
    up.command = [python, *DIGEST, "up"]

    with up as running:
        eventually(running.is_ready)
        status, page = answer(f"{running.url}/")
        asked, _ = answer(f"{running.url}/subscribe", {"email": "ann@example.org"})
        [mail] = eventually(lambda: running.mails("confirm"), PROMISED)
        confirming, _ = answer(link(mail, "confirm"))

    assert (status, asked, confirming) == (200, 200, 200)
    assert "invented paper" in page
