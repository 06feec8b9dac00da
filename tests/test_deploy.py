"""What is in deploy/ fits the service: units, proxies, and the texts that name them."""

import re
import shutil
import subprocess
from itertools import count
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from digest.cli.listing import LISTED
from digest.settings import Settings
from digest.settings.secret_files import secrets
from tests.ses_events import Signer

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service"]
MOST_EXPOSED = 2.0
"""Of 10, by systemd's own count; a unit without any of its protections has 9.6."""


def lines(path: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", path.read_text(), re.MULTILINE)


def shown(path: Path) -> str:
    return path.name


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units in a folder, their programs standing where the units say."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("NOT TESTED: systemd-analyze is missing, so no unit can be verified")
    for path in UNITS:
        written = path.read_text().replace("/opt/daybreak/bin", str(tmp_path))
        (tmp_path / path.name).write_text(written)
    for name in ("digest", "gunicorn", "celery"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def test_systemd_finds_nothing_wrong_with_the_units(installed: Path) -> None:
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(installed / path.name for path in UNITS)],  # noqa: S607
        env={"SYSTEMD_UNIT_PATH": f"{installed}:", "PATH": "/usr/bin:/bin"},
        check=False,
        capture_output=True,
        text=True,
    )

    about_ours = [line for line in verified.stderr.splitlines() if "daybreak" in line]
    assert about_ours == []
    assert verified.returncode == 0


@pytest.mark.parametrize("path", SERVICES, ids=shown)
def test_a_unit_is_hardened(installed: Path, path: Path) -> None:
    words = ["systemd-analyze", "security", "--offline=true", "--no-pager"]
    judged = subprocess.run(
        [*words, installed / path.name], check=False, capture_output=True, text=True
    ).stdout

    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", judged)
    assert level is not None, judged
    assert float(level[1]) <= MOST_EXPOSED


@pytest.mark.parametrize("path", SERVICES, ids=shown)
def test_a_unit_gives_secrets_as_files_that_are_settings(path: Path) -> None:
    known = {f"DIGEST_{name.upper()}" for name in Settings.model_fields}
    files = {f"DIGEST_{name.upper()}_FILE" for name in secrets(Settings)}

    given = dict(each.split("=", 1) for each in lines(path, "Environment"))
    loaded = dict(each.split(":", 1) for each in lines(path, "LoadCredential"))

    ours = {name for name in given if name.startswith("DIGEST_")}
    assert ours <= known | files
    named = {value.removeprefix("%d/") for value in given.values() if value.startswith("%d/")}
    assert named == set(loaded)


def test_the_example_of_settings_takes_nothing_away_that_a_unit_sets() -> None:
    # systemd: what a file of settings says counts more than the unit, be it empty.
    text = (ROOT / ".env.example").read_text()
    example = set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE))
    own = {line.partition("=")[0] for path in SERVICES for line in lines(path, "Environment")}

    assert own.isdisjoint(example)


def test_units_run_what_compose_runs() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()

    for path in SERVICES:
        [command] = lines(path, "ExecStart")
        program, *words = command.removeprefix("/opt/daybreak/bin/").split(" --bind ")[0].split()
        assert f"command: {' '.join([program, *words])}" in compose


def test_one_unit_migrates_before_anything_serves() -> None:
    [migrating] = [path for path in SERVICES if lines(path, "ExecStartPre")]

    assert lines(migrating, "ExecStartPre") == ["/opt/daybreak/bin/digest migrate"]
    assert "migrate" in LISTED
    others = [path for path in SERVICES if path != migrating]
    assert all(migrating.name in lines(path, "After")[0] for path in others)


def test_the_target_wants_every_service() -> None:
    [wanted] = lines(DEPLOY / "systemd" / "daybreak.target", "Wants")

    assert set(wanted.split()) == {path.name for path in SERVICES}


def test_nginx_forwards_what_the_pages_read_and_logs_no_link() -> None:
    site = (DEPLOY / "nginx.conf").read_text()

    for header in ("Host $host", "X-Forwarded-Host $host", "X-Forwarded-Proto $scheme"):
        assert f"proxy_set_header {header};" in site
    assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in site
    servers = site.split("server {")[1:]
    assert len(servers) == 2
    for server in servers:
        assert "access_log off;" in server
        # Its words on what went wrong quote the address as well.
        assert "error_log /var/log/nginx/error.log crit;" in server
    assert site.count("{") == site.count("}")


def test_nginx_takes_the_site_as_it_is(tmp_path: Path) -> None:
    nginx = shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")
    if nginx is None:
        pytest.skip("NOT TESTED: nginx is missing, so its site cannot be verified")
    site = (DEPLOY / "nginx.conf").read_text().replace("/var/log/nginx", str(tmp_path))
    site = re.sub(r"/etc/letsencrypt/\S+\.pem", str(tmp_path / "both.pem"), site)
    # It tries whether it may listen.
    places = count()
    site = re.sub(r"listen [^ ;]+", lambda _: f"listen unix:{tmp_path}/{next(places)}", site)
    signer = Signer()
    key = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "both.pem").write_bytes(signer.certificate + key)
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}} http {{ {site} }}")

    tried = [nginx, "-t", "-e", f"{tmp_path}/error.log", "-c", f"{tmp_path}/nginx.conf"]
    said = subprocess.run(tried, check=False, capture_output=True, text=True)

    assert said.returncode == 0, said.stderr


def test_caddy_logs_no_link_of_a_request_that_went_wrong() -> None:
    site = (DEPLOY / "Caddyfile").read_text()

    # Options for all sites are the first block, or they are none.
    first = re.search(r"^(.*){$", site, re.MULTILINE)
    assert first is not None
    assert first[1] == ""
    assert "exclude http.log.error http.handlers.reverse_proxy" in site
    assert site.count("{") == site.count("}")


def test_every_file_here_is_told_of_in_the_docs() -> None:
    told = "".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))

    for path in DEPLOY.rglob("*.*"):
        assert path.name in told or path.parent.name in told
