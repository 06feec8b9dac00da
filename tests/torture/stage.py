"""The stage of a run: its folder, database, broker and post office, and the settings they make."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from digest import migrations, pipeline
from digest.services import Services, build
from digest.settings import Settings, read_settings
from tests.servers import Postgres, Valkey
from tests.torture.almanac import Almanac
from tests.torture.signature import KEY_ID, SECRET

ROOT = Path(__file__).parents[2]
BEGINS = datetime(2026, 3, 6, 0, 30, tzinfo=UTC)
"""Two days before New York's clocks change."""


@dataclass(frozen=True)
class Stage:
    """What stays for the whole of a run, though the servers of it crash."""

    folder: Path
    lease: float
    postgres: Postgres | None
    valkey: Valkey | None
    settings: Settings
    almanac: Almanac
    services: Services
    office: str
    """The post office's URL."""

    @property
    def record(self) -> Path:
        return self.folder / "record"

    @property
    def beat(self) -> Path:
        """Where a beat inside a worker says which process it is."""
        return self.folder / "beat"

    @property
    def at_work(self) -> Path:
        """Where senders are named that do a task at this moment, and those that died of one."""
        return self.folder / "at work"

    @property
    def swept(self) -> Path:
        """What is touched by every sweep that came to its end."""
        return self.folder / "swept"

    def calm(self) -> None:
        """Let the post office do its work without a fault from now on."""
        (self.folder / "calm").touch()

    def environment(self, *, sweep: float) -> dict[str, str]:
        """Return the variables of a sender or beat that sweeps every *sweep* seconds."""
        own = {name: value for name, value in os.environ.items() if not _is_ours(name)}
        scratch = self.folder / "tmp"
        scratch.mkdir(exist_ok=True)
        return {
            **own,
            **self.settings.environment(),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "TMPDIR": str(scratch),
            "AWS_ENDPOINT_URL_SESV2": self.office,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1",
            "TORTURE_ALMANAC": str(self.folder / "almanac"),
            "TORTURE_AT_WORK": str(self.at_work),
            "TORTURE_BEAT": str(self.beat),
            "TORTURE_SWEPT": str(self.swept),
            "TORTURE_LEASE": str(self.lease),
            "TORTURE_SWEEP": str(sweep),
        }


def _is_ours(name: str) -> bool:
    return name.startswith(("DIGEST_", "AWS_", "TORTURE_")) or name == "PORT"


@contextmanager
def stage(database: str, lease: float, seed: int) -> Iterator[Stage]:
    """Set everything up that is there before the first sender, and take it down again."""
    with TemporaryDirectory(prefix="torture-") as name:
        folder = Path(name)
        postgres = Postgres() if database == "postgresql" else None
        valkey = Valkey() if database == "postgresql" else None
        try:
            with _office(folder, lease, seed) as office:
                settings = _settings(folder, postgres, valkey)
                migrations.migrate(settings.database_url.get_secret_value())
                almanac = Almanac.begun(folder / "almanac", BEGINS)
                services = build(settings, almanac)
                (folder / "record").touch()
                (folder / "at work").mkdir()
                yield Stage(folder, lease, postgres, valkey, settings, almanac, services, office)
                services.close()
        finally:
            for server in (postgres, valkey):
                if server is not None:
                    server.stop()


def _settings(folder: Path, postgres: Postgres | None, valkey: Valkey | None) -> Settings:
    database = postgres.new_database() if postgres else f"sqlite:///{folder / 'digest.db'}"
    return read_settings(
        _env_file=None,
        state_dir=folder / "state",
        database_url=database,
        broker_url=valkey.url if valkey else "filesystem://",
        mail_url="ses://eu-west-1?configuration_set=torture",
        base_url="http://127.0.0.1:8000",
        secret_keys="k" * 32,
        suppression_key="s" * 32,
        sender="Daybreak <daily@example.org>",
        postal_address="1 Example Street",
        sources="huggingface",
    )


@contextmanager
def _office(folder: Path, lease: float, seed: int) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.torture.post_office"]
    with subprocess.Popen(
        # Longer than any sender waits for an answer, so that it hangs up.
        [*command, str(folder), str(lease * 0.6), str(seed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
        # Ctrl-C in the terminal is for the run, which then closes the office.
        start_new_session=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()
            process.wait()


def fill_with_papers(services: Services, kind: str, body: bytes) -> None:
    """Put papers on offer: more than a reader can be sent in the days of a run."""
    pipeline.load(services, kind, body)
