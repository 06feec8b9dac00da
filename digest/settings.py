"""The DIGEST_* variables, read once."""

import ipaddress
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from digest.errors import BadSettings

KEY_LENGTH = 32
"""The least number of characters of a key: 128 bits as hex."""

IN_MEMORY = ("sqlite://", "sqlite:///", "sqlite:///:memory:")

Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """
    How this installation runs; `docs/configuration.md` is the reference.

    Read it by `read_settings`, which says what is wrong in an operator's words.
    """

    model_config = SettingsConfigDict(
        env_prefix="DIGEST_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    port: int = Field(default=8000, validation_alias="PORT", ge=1, le=65535)
    state_dir: Path = Path("var")
    database_url: SecretStr = SecretStr("")
    broker_url: SecretStr = SecretStr("filesystem://")
    mail_url: SecretStr = SecretStr("")
    base_url: str = ""
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    suppression_key: SecretStr | None = None
    sender: str = ""
    reply_to: str = ""
    postal_address: str = ""
    site_name: str = Field(default="Daybreak", min_length=1, max_length=40)
    fetch_at: str = "05:00"
    sources: Words = ("huggingface", "arxiv:cs.AI+cs.CL+cs.CV+cs.LG")
    proxies: int = Field(default=0, ge=0, le=10)
    limits: Literal["on", "off"] = "on"
    allow_private_addresses: bool = False

    @field_validator("secret_keys", "sources", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("state_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        # The worker runs in another folder: a relative path would mean another place there.
        return value.expanduser().absolute()

    @field_validator("secret_keys")
    @classmethod
    def _long_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in value:
            _long_enough(key)
        return value

    @field_validator("suppression_key")
    @classmethod
    def _long_key(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value is None else _long_enough(value)

    @field_validator("fetch_at")
    @classmethod
    def _moment_of_day(cls, value: str) -> str:
        hour, colon, minute = value.partition(":")
        well_formed = colon and hour.isdecimal() and minute.isdecimal() and len(minute) == 2  # noqa: PLR2004
        if not well_formed or int(hour) > 23 or int(minute) > 59:  # noqa: PLR2004
            raise ValueError(f"{value!r} is no time of day; write HH:MM in UTC, such as 05:00")
        return f"{int(hour):02}:{int(minute):02}"

    @field_validator("sender", "reply_to")
    @classmethod
    def _address(cls, value: str) -> str:
        address = parseaddr(value)[1]
        if value and ("@" not in address or not address.isascii()):
            raise ValueError(f"{value!r} holds no ASCII address; write Name <name@example.org>")
        if not value.isprintable():
            raise ValueError("line breaks and control characters do not belong here")
        return value

    @field_validator("base_url")
    @classmethod
    def _plain_url(cls, value: str) -> str:
        value = value.rstrip("/")
        url = urlsplit(value)
        if value and (url.scheme not in ("http", "https") or not url.hostname or url.query):
            raise ValueError(f"{value!r} is no web address; write https://digest.example.org")
        if url.path:
            raise ValueError(f"the pages are at the root of a host: leave {url.path!r} out")
        return value

    @field_validator("sources")
    @classmethod
    def _known_sources(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            kind, colon, listing = name.partition(":")
            if kind not in ("huggingface", "arxiv", "sample") or (kind != "arxiv" and colon):
                raise ValueError(
                    f"{name!r} is no source; choose from huggingface, arxiv:cs.AI+cs.LG, sample"
                )
            if kind == "arxiv" and not listing:
                raise ValueError(f"{name!r} names no category; write arxiv:cs.AI+cs.LG")
        if not value:
            raise ValueError("name at least one source, such as huggingface")
        return value

    @model_validator(mode="after")
    def _fill_and_check(self) -> Self:
        self._fill()
        self._check_addresses()
        if self.embedded:
            return self
        self._check_production()
        return self

    def _fill(self) -> None:
        if not self.base_url:
            self._set("base_url", f"http://127.0.0.1:{self.port}")
        database = self.database_url.get_secret_value()
        if not database:
            self._set("database_url", SecretStr(f"sqlite:///{self.state_dir / 'daybreak.db'}"))
        elif database.startswith("sqlite:///") and database not in IN_MEMORY:
            path = Path(database.removeprefix("sqlite:///")).absolute()
            self._set("database_url", SecretStr(f"sqlite:///{path}"))
        mail = self.mail_url.get_secret_value()
        if not mail:
            self._set("mail_url", SecretStr(f"outbox:{self.state_dir / 'outbox'}"))
        elif mail.startswith("outbox:") and mail != "outbox:":
            path = Path(mail.removeprefix("outbox:")).absolute()
            self._set("mail_url", SecretStr(f"outbox:{path}"))
        if not self.sender and self.embedded:
            self._set("sender", f"{self.site_name} <daybreak@localhost>")
        if not self.reply_to:
            self._set("reply_to", self.sender)
        if not self.postal_address and self.embedded:
            self._set("postal_address", "Runs on this machine only.")

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # frozen for everybody else

    def _check_addresses(self) -> None:
        database = self.database_url.get_secret_value()
        try:
            driver = make_url(database).drivername
        except (ArgumentError, ValueError):
            driver = ""
        if driver not in ("sqlite", "postgresql+psycopg"):
            raise ValueError(
                "DIGEST_DATABASE_URL: write sqlite:///path/to/file.db"
                " or postgresql+psycopg://user:password@host/name"
            )
        if database in IN_MEMORY:
            raise ValueError(
                "DIGEST_DATABASE_URL: several processes share it, so memory will not do;"
                " write sqlite:///path/to/file.db"
            )
        if _scheme(self.broker_url) not in ("filesystem", "redis", "rediss"):
            raise ValueError("DIGEST_BROKER_URL: write redis://host:6379/0 or filesystem://")
        mail = self.mail_url.get_secret_value()
        if self.mail_scheme not in ("outbox", "smtp", "smtps", "ses") or mail == "outbox:":
            raise ValueError(
                "DIGEST_MAIL_URL: write outbox:var/outbox, smtp://user:password@host:587,"
                " smtps://user:password@host or ses://eu-west-1?configuration_set=name"
            )

    def _check_production(self) -> None:
        if self.mail_scheme == "outbox":
            raise ValueError(
                f"DIGEST_MAIL_URL: outbox: sends nothing, but DIGEST_BASE_URL {self.base_url}"
                " is public; set DIGEST_MAIL_URL to ses:// or smtp://, or unset DIGEST_BASE_URL"
            )
        missing = [
            f"DIGEST_{name.upper()}"
            for name in ("secret_keys", "suppression_key", "sender", "postal_address")
            if not getattr(self, name)
        ]
        if missing:
            raise ValueError(
                f"{', '.join(missing)}: needed to send real mail; docs/configuration.md says"
                " what each is for"
            )
        if not self.base_url.startswith("https://") and not self._loopback:
            raise ValueError(f"DIGEST_BASE_URL: {self.base_url} must begin with https://")
        if "sample" in self.sources:
            raise ValueError("DIGEST_SOURCES: sample papers are invented and are never mailed out")
        if self.limits == "off":
            raise ValueError("DIGEST_LIMITS: off is for embedded mode only")

    @property
    def mail_scheme(self) -> str:
        return _scheme(self.mail_url)

    @property
    def _loopback(self) -> bool:
        host = urlsplit(self.base_url).hostname or ""
        if host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    @property
    def embedded(self) -> bool:
        """Mail goes into a folder and the pages to this machine only: nothing can leave it."""
        return self.mail_scheme == "outbox" and self._loopback

    @property
    def outbox(self) -> Path:
        """The folder of an `outbox:` mail URL."""
        return Path(self.mail_url.get_secret_value().removeprefix("outbox:"))

    @property
    def queue(self) -> Path:
        """The folder of a `filesystem://` broker."""
        return self.state_dir / "queue"

    def environment(self) -> dict[str, str]:
        """Return the variables that give a child process these very settings."""
        variables = {"PORT": str(self.port)}
        for name, value in self:
            if name != "port" and value is not None:
                variables[f"DIGEST_{name.upper()}"] = _as_text(value)
        return variables


def read_settings(**overrides: object) -> Settings:
    """
    Return the settings from the environment and `.env`.

    Raises:
        BadSettings: a variable is missing or wrong; the message names each, and its remedy.

    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as exc:
        raise BadSettings("\n".join(_in_words(error) for error in exc.errors())) from exc


def _in_words(error: object) -> str:
    assert isinstance(error, dict)  # noqa: S101  pydantic's ErrorDetails
    message = str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name = str(error["loc"][0])
    return f"{name if name == 'PORT' else f'DIGEST_{name.upper()}'}: {message}"


def _scheme(url: SecretStr) -> str:
    # Not urlsplit: it chokes on the [ of a password, and the transport says that better.
    return url.get_secret_value().partition(":")[0].lower()


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < KEY_LENGTH:
        raise ValueError(
            f"a key has at least {KEY_LENGTH} characters; make one by: openssl rand -hex 32"
        )
    return key


def _as_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(_as_text(word) for word in value)
    return str(value)
