"""
docker-compose.yml: sound by its specification, hardened, and its commands run.

No Docker engine runs here. compose-spec/schema.json is the Compose Specification's own schema,
under the Apache License 2.0 (compose-spec/LICENSE).
"""

import json
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import jsonschema
import psutil
import pytest
import yaml
from sqlalchemy import create_engine, text

from tests.relay import Relay
from tests.servers import Postgres, Valkey, free_port
from tests.test_up import OFFLINE, answer, eventually

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "beat")
PROGRAMS = Path(sys.executable).parent


def test_it_is_sound_by_the_compose_specification() -> None:
    schema = json.loads((ROOT / "tests" / "compose-spec" / "schema.json").read_text())

    validator = jsonschema.Draft202012Validator(schema)

    assert [error.message for error in validator.iter_errors(COMPOSE)] == []


def test_the_specification_notices_what_is_wrong() -> None:
    schema = json.loads((ROOT / "tests" / "compose-spec" / "schema.json").read_text())
    wrong = {"services": {"web": {"image": "x", "read_onyl": True}}}

    assert list(jsonschema.Draft202012Validator(schema).iter_errors(wrong))


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_nobody_s_rights_and_writes_nowhere(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert name in OURS or service["user"] not in ("root", "0", "0:0")


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_a_container_is_restarted_and_looked_after(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"]


def test_nothing_is_reachable_but_from_this_machine() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]

    assert ports == ["127.0.0.1:8000:8000", "127.0.0.1:8025:8025"]
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_everything_waits_for_the_migration_and_that_for_the_database() -> None:
    for name in ("web", "worker", "beat"):
        waits = SERVICES[name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert waits["redis"]["condition"] == "service_healthy"
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert SERVICES["migrate"]["restart"] == "no"


def test_the_catcher_of_mail_is_for_trying_out_only() -> None:
    assert [name for name, each in SERVICES.items() if "profiles" in each] == ["mailpit"]


def test_no_secret_is_in_the_environment() -> None:
    for service in SERVICES.values():
        for name in service.get("environment", {}):
            assert name.endswith("_FILE") or not any(
                word in name for word in ("PASSWORD", "KEY", "TOKEN", "DATABASE_URL", "MAIL_URL")
            )


def test_every_volume_network_and_secret_is_declared() -> None:
    for service in SERVICES.values():
        named = [each.partition(":")[0] for each in service.get("volumes", ())]
        assert set(named) <= set(COMPOSE["volumes"])
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions with what follows them."""
    joined = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


def test_the_image_is_not_root_s_and_serves_what_compose_serves() -> None:
    found = instructions()

    assert [words for name, words in found if name == "USER"] == ["10001:10001"]
    assert [json.loads(words) for name, words in found if name == "CMD"] == [
        shlex.split(SERVICES["web"]["command"])
    ]
    assert any(name == "HEALTHCHECK" for name, _ in found)


def test_the_image_gets_all_that_it_is_built_from_and_nothing_else() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    sent = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    copied = [
        word
        for name, words in instructions()
        if name == "COPY" and not words.startswith("--from")
        for word in words.split()[:-1]
    ]

    assert sorted(copied) == sorted(sent)
    assert all((ROOT / each).exists() for each in copied)
    assert not any(fnmatch(name, each) for name in ("secrets", ".env", "var") for each in sent)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("NOT TESTED: openssl is missing, so no secrets can be made")
    folder = tmp_path_factory.mktemp("deployed") / "secrets"
    made(folder)
    return folder


def made(folder: Path, *arguments: str) -> str:
    script = ROOT / "deploy" / "secrets.sh"
    return subprocess.run(
        ["/bin/sh", script, *arguments],
        env={**os.environ, "SECRETS": str(folder)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_every_secret_is_made_by_the_script_and_stays(secrets: Path) -> None:
    before = {path.name: path.read_text() for path in secrets.iterdir()}

    said = made(secrets, "ses://eu-west-1")

    declared = {Path(each["file"]).name for each in COMPOSE["secrets"].values()}
    assert set(before) == declared
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before
    assert said.count("stays as it is") == len(declared)
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700


def test_the_script_takes_the_way_of_the_mail(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("NOT TESTED: openssl is missing, so no secrets can be made")

    made(tmp_path / "secrets", "smtp://user:pass@smtp.example.org:587")

    written = (tmp_path / "secrets" / "mail_url").read_text()
    assert written == "smtp://user:pass@smtp.example.org:587\n"


def test_the_script_says_so_where_mail_goes_another_way_than_asked_for(secrets: Path) -> None:
    ended = subprocess.run(
        ["/bin/sh", ROOT / "deploy" / "secrets.sh", "ses://eu-west-1"],
        env={**os.environ, "SECRETS": str(secrets)},
        check=True,
        capture_output=True,
        text=True,
    )

    assert "mail_url holds another address than this one" in ended.stderr


def test_without_openssl_no_empty_password_is_made(tmp_path: Path) -> None:
    ended = subprocess.run(
        ["/bin/sh", ROOT / "deploy" / "secrets.sh"],
        env={"PATH": str(tmp_path), "SECRETS": str(tmp_path / "secrets")},
        check=False,
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 1
    assert "openssl is missing" in ended.stderr
    assert not (tmp_path / "secrets").exists()


class Deployed:
    """The services of the compose file as processes, with its names standing for places here."""

    def __init__(
        self, folder: Path, secrets: Path, database: str, broker: str, relay: Relay
    ) -> None:
        self.folder = folder
        self.relay = relay
        self.port = free_port()
        self._places = {
            "/run/secrets": str(secrets),
            "/state": str(folder / "state"),
            "/departures": str(folder / "departures"),
            "/tmp": str(folder),  # noqa: S108
            "redis://redis:6379/0": broker,
            "0.0.0.0:8000": f"127.0.0.1:{self.port}",
            "127.0.0.1:8000": f"127.0.0.1:{self.port}",
        }
        (secrets / "database_url").write_text(database.replace("+psycopg", ""))
        (secrets / "mail_url").write_text(f"smtp://127.0.0.1:{relay.port}\n")
        (folder / "sitecustomize.py").write_text(OFFLINE)
        for name in ("state", "departures"):
            (folder / name).mkdir()

    def here(self, words: str) -> str:
        names = "|".join(re.escape(name) for name in self._places)
        here = re.sub(names, lambda found: self._places[found[0]], words)
        return here.replace("$$", "$")

    def environment(self, name: str) -> dict[str, str]:
        lines = (ROOT / "deploy" / "tryout.env").read_text().splitlines()
        given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        set_here = {
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "HOSTNAME": socket.gethostname(),
            "PYTHONPATH": str(self.folder),
            "NO_PROXY": "127.0.0.1",
        }
        declared = given | SERVICES[name]["environment"]
        return set_here | {key: self.here(value) for key, value in declared.items()}

    def command(self, name: str) -> list[str]:
        return shlex.split(self.here(SERVICES[name]["command"]))

    @contextmanager
    def running(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                self.command(name),
                env=self.environment(name),
                cwd=self.folder / "state",
                stdout=log,
                stderr=log,
            )
        try:
            yield process
        finally:
            end(process)

    def is_healthy(self, name: str) -> bool:
        kind, *words = SERVICES[name]["healthcheck"]["test"]
        words = [self.here(word) for word in words]
        command = ["/bin/sh", "-c", *words] if kind == "CMD-SHELL" else words
        ended = subprocess.run(
            command, env=self.environment(name), cwd=self.folder, check=False, capture_output=True
        )
        return ended.returncode == 0


def end(process: subprocess.Popen[bytes]) -> None:
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(30)
    finally:
        process.kill()
        process.wait()
        for each in family:
            if each.is_running():
                each.kill()


@pytest.fixture(scope="module")
def deployed(
    secrets: Path, postgres: Postgres, valkey: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """Everything as `docker compose up` starts it: the migration first, then all at once."""
    with ExitStack() as stack:
        relay = stack.enter_context(Relay())
        installed = Deployed(
            tmp_path_factory.mktemp("containers"),
            secrets,
            postgres.new_database(),
            valkey.url,
            relay,
        )
        migrated = subprocess.run(
            installed.command("migrate"),
            env=installed.environment("migrate"),
            cwd=installed.folder,
            check=False,
            capture_output=True,
            text=True,
        )
        assert migrated.returncode == 0, migrated.stderr
        for name in ("web", "worker", "beat"):
            stack.enter_context(installed.running(name))
        yield installed


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_a_container_is_healthy(deployed: Deployed, name: str) -> None:
    eventually(lambda: deployed.is_healthy(name))


def test_the_pages_answer(deployed: Deployed) -> None:
    eventually(lambda: deployed.is_healthy("web"))

    status, page = answer(f"http://127.0.0.1:{deployed.port}/")

    assert status == 200
    assert "Daybreak" in page


def test_beat_and_worker_sweep(deployed: Deployed, secrets: Path) -> None:
    url = (secrets / "database_url").read_text().replace("://", "+psycopg://", 1)
    engine = create_engine(url)

    def swept() -> object:
        with engine.begin() as connection:
            beats = connection.execute(text("SELECT name FROM heartbeat")).scalars()
            return "sweep" in set(beats)

    try:
        assert eventually(swept)
    finally:
        engine.dispose()
    assert list(deployed.folder.glob("beat-schedule*"))


def test_who_asks_for_the_digest_gets_a_mail(deployed: Deployed) -> None:
    eventually(lambda: deployed.is_healthy("web"))

    status, _ = answer(f"http://127.0.0.1:{deployed.port}/subscribe", {"email": "ann@example.org"})

    assert status in (200, 202, 303)
    [mail] = eventually(lambda: deployed.relay.received)
    assert mail.to == ["ann@example.org"]


def test_a_container_that_is_not_there_is_not_healthy(tmp_path: Path, secrets: Path) -> None:
    for each in secrets.iterdir():
        shutil.copy(each, tmp_path)
    nowhere = ("postgresql://127.0.0.1:9/none", "redis://127.0.0.1:9/0")

    with Relay() as relay:
        absent = Deployed(tmp_path, tmp_path, *nowhere, relay)

        assert not absent.is_healthy("web")
        assert not absent.is_healthy("beat")
