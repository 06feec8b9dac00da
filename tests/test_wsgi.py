"""The pages under gunicorn: a wrong setting is said in a sentence, a link's address never."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gunicorn.config import Config

from digest.up.serving import Log
from digest.up.wsgi import CANNOT_LOAD
from tests.servers import free_port
from tests.visitor import PRODUCTION

GUNICORN = Path(sys.executable).with_name("gunicorn")


def serve(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Return how gunicorn ended, which with these *settings* has nothing to serve."""
    return subprocess.run(
        [GUNICORN, "--config", "python:digest.up.serving", "--bind", f"127.0.0.1:{free_port()}"],
        env={**os.environ, **settings},
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )


def test_settings_that_are_wrong_end_it_with_a_sentence(tmp_path: Path) -> None:
    ended = serve(tmp_path, DIGEST_BASE_URL="https://digest.example.org")

    assert ended.returncode == CANNOT_LOAD
    assert "no page is served: DIGEST_MAIL_URL: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_database_that_is_away_ends_it_with_a_sentence(tmp_path: Path) -> None:
    away = f"127.0.0.1:{free_port()}"
    settings = {f"DIGEST_{name.upper()}": str(value) for name, value in PRODUCTION.items()}
    settings["DIGEST_DATABASE_URL"] = f"postgresql://u:hunter2@{away}/db"

    ended = serve(tmp_path, **settings)

    assert ended.returncode == CANNOT_LOAD
    assert "no page is served: the database does not answer: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hunter2" not in ended.stderr


def test_a_request_that_breaks_is_logged_without_its_address(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = Log(Config())

    try:
        raise ValueError("broken")  # noqa: TRY301
    except ValueError:
        log.exception("Error handling request %s", "/manage/a-secret-token")
        log.exception("something else %s", "named")

    logged = capsys.readouterr().err
    assert "ERROR gunicorn.error error handling a request\n" in logged
    assert "ERROR gunicorn.error something else named\n" in logged
    assert "a-secret-token" not in logged
    assert "ValueError: broken" in logged


def test_a_request_that_is_no_http_is_logged_without_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = Log(Config())

    log.warning("Invalid request from ip=192.0.2.7: 'GET /manage/a-secret-token now'")
    log.warning("something else %s", "named")

    logged = capsys.readouterr().err
    assert "WARNING gunicorn.error a request that is no HTTP was refused\n" in logged
    assert "WARNING gunicorn.error something else named\n" in logged
    assert "a-secret-token" not in logged
    assert "192.0.2.7" not in logged


def test_its_own_words_go_where_all_others_go(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(Config())

    log.error("Booting")

    assert capsys.readouterr().err.endswith("ERROR gunicorn.error Booting\n")
    assert log.error_log.handlers == []
