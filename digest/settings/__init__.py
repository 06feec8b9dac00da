"""The DIGEST_* variables, read once."""

from pathlib import Path
from typing import Self

from pydantic import SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from digest import mailboxes
from digest.errors import BadSettings
from digest.settings.fields import Fields
from digest.settings.secret_files import SecretFiles
from digest.settings.urls import driver, is_broker, place, scheme
from digest.settings.values import is_loopback
from digest.settings.words import as_text, in_words, variable

IN_MEMORY = ("sqlite://", "sqlite:///", "sqlite:///:memory:")


class Settings(Fields):
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
        validate_default=True,
    )

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *_: object, **sources: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (*sources.values(), SecretFiles(settings_cls))

    @model_validator(mode="after")
    def _complete(self) -> Self:
        self._fill("base_url", f"http://127.0.0.1:{self.port}")
        self._fill_addresses()
        self._check_addresses()
        self._check_alarms()
        self._check_leaving()
        if self.embedded:
            self._fill("sender", mailboxes.joined(self.site_name, "daybreak@localhost"))
            self._fill("postal_address", "Runs on this machine only.")
        else:
            self._check_production()
        self._fill("reply_to", self.sender)
        return self

    def _fill(self, name: str, value: object) -> None:
        if not getattr(self, name):
            object.__setattr__(self, name, value)  # frozen for everybody else

    def _fill_addresses(self) -> None:
        """Complete the URLs; their paths become absolute, for the worker runs in another folder."""
        database = self.database_url.get_secret_value()
        if database.startswith(("postgres://", "postgresql://")):
            database = f"postgresql+psycopg://{database.partition('://')[2]}"
        elif database.startswith("sqlite:///") and database not in IN_MEMORY:
            database = f"sqlite:///{Path(database.removeprefix('sqlite:///')).absolute()}"
        mail = self.mail_url.get_secret_value()
        if mail.startswith("outbox:") and mail != "outbox:":
            mail = f"outbox:{Path(mail.removeprefix('outbox:')).absolute()}"
        database = database or f"sqlite:///{self.state_dir / 'daybreak.db'}"
        object.__setattr__(self, "database_url", SecretStr(database))
        mail = mail or f"outbox:{self.state_dir / 'outbox'}"
        object.__setattr__(self, "mail_url", SecretStr(mail))

    def _check_addresses(self) -> None:
        database = self.database_url.get_secret_value()
        if driver(database) not in ("sqlite", "postgresql+psycopg"):
            raise ValueError(
                "DIGEST_DATABASE_URL: write sqlite:///path/to/file.db"
                " or postgresql://user:password@host/name"
            )
        if database in IN_MEMORY:
            raise ValueError(
                "DIGEST_DATABASE_URL: several processes share it, so memory will not do;"
                " write sqlite:///path/to/file.db"
            )
        if not is_broker(self.broker_url.get_secret_value()):
            raise ValueError(
                "DIGEST_BROKER_URL: write redis://host:6379/0, redis://:password@host:6379/0 with a"
                " / in the password as %2F, or filesystem://"
            )
        mail = self.mail_url.get_secret_value()
        if self.mail_scheme not in ("outbox", "smtp", "smtps", "ses") or mail == "outbox:":
            raise ValueError(
                "DIGEST_MAIL_URL: write outbox:var/outbox, smtp://user:password@host:587,"
                " smtps://user:password@host or ses://eu-west-1?configuration_set=name"
            )

    def _check_alarms(self) -> None:
        relay = self.alarm_mail_url.get_secret_value()
        if bool(relay) != bool(self.alarm_mail_to):
            raise ValueError("DIGEST_ALARM_MAIL_URL, DIGEST_ALARM_MAIL_TO: set both, or neither")
        if relay and place(relay) == place(self.mail_url.get_secret_value()):
            raise ValueError(
                "DIGEST_ALARM_MAIL_URL: the relay of DIGEST_MAIL_URL cannot tell that it stopped;"
                " name another one"
            )

    def _check_leaving(self) -> None:
        reads = self.imap_url.get_secret_value() or self.sns_topics or self.sqs_queue_url
        if self.unsubscribe_address and not reads:
            raise ValueError(
                "DIGEST_UNSUBSCRIBE_ADDRESS: nobody reads what is sent there; set DIGEST_IMAP_URL,"
                " or DIGEST_SNS_TOPICS or DIGEST_SQS_QUEUE_URL where SES receives its mail"
            )
        if self.imap_url.get_secret_value() and not self.unsubscribe_address:
            raise ValueError(
                "DIGEST_IMAP_URL: set DIGEST_UNSUBSCRIBE_ADDRESS too, to the mailbox's address"
            )

    def _check_production(self) -> None:
        if self.mail_scheme == "outbox":
            raise ValueError(
                f"DIGEST_MAIL_URL: outbox: sends nothing, but DIGEST_BASE_URL {self.base_url}"
                " is public; set DIGEST_MAIL_URL to ses:// or smtp://, or unset DIGEST_BASE_URL"
            )
        needed = ("secret_keys", "suppression_key", "sender", "postal_address")
        missing = [variable(name) for name in needed if not getattr(self, name)]
        if missing:
            raise ValueError(
                f"{', '.join(missing)}: needed to send real mail; docs/configuration.md says"
                " what each is for"
            )
        if not self.base_url.startswith("https://") and not is_loopback(self.base_url):
            raise ValueError(f"DIGEST_BASE_URL: {self.base_url} must begin with https://")
        if "sample" in self.sources:
            raise ValueError("DIGEST_SOURCES: sample papers are invented and are never mailed out")
        if self.limits == "off":
            raise ValueError("DIGEST_LIMITS: off is for embedded mode only")

    @property
    def mail_scheme(self) -> str:
        return scheme(self.mail_url)

    @property
    def embedded(self) -> bool:
        """Mail goes into a folder and the pages to this machine only: nothing can leave it."""
        return self.mail_scheme == "outbox" and is_loopback(self.base_url)

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
        return {variable(name): as_text(value) for name, value in self if value is not None}


def read_settings(**overrides: object) -> Settings:
    """
    Return the settings from the environment and `.env`.

    Raises:
        BadSettings: a variable is missing or wrong; the message names each, and its remedy.

    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as exc:
        raise BadSettings("\n".join(in_words(error) for error in exc.errors())) from exc
    except UnicodeDecodeError as exc:
        raise BadSettings(".env: it is not UTF-8; save it as UTF-8 text") from exc
    except PermissionError as exc:
        raise BadSettings(".env: it may not be read by this user") from exc
