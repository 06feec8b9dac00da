"""Secrets by files: `DIGEST_MAIL_URL_FILE` names a file that holds `DIGEST_MAIL_URL`, and so on."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from dotenv import dotenv_values
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from digest.errors import BadSettings


class SecretFiles(PydanticBaseSettingsSource):
    """
    The values of secrets that are in files, as containers and systemd hand them over.

    It comes last: what is set directly counts, for a child process is given all its settings so.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError

    def __call__(self) -> dict[str, Any]:
        prefix = str(self.config.get("env_prefix", ""))
        named = _variables(self.config.get("env_file"))
        return {
            name: _content(variable, path)
            for name in secrets(self.settings_cls)
            if (path := named.get(variable := f"{prefix}{name}_FILE".upper()))
            # Not even looked at: a child process may not be able to.
            and not named.get(f"{prefix}{name}".upper())
        }


def secrets(settings: type[BaseSettings]) -> list[str]:
    """Return the names of the settings that hold a secret."""
    return [name for name, field in settings.model_fields.items() if _is_secret(field.annotation)]


def _is_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(_is_secret(each) for each in get_args(annotation))


def _variables(env_file: object) -> Mapping[str, str | None]:
    beside = dotenv_values(env_file) if isinstance(env_file, str) else {}
    return {name.upper(): value for name, value in (beside | dict(os.environ)).items()}


def _content(variable: str, path: str) -> str:
    try:
        value = Path(path).expanduser().read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as exc:
        raise BadSettings(f"{variable}: {path} is not UTF-8 text") from exc
    except OSError as exc:
        raise BadSettings(
            f"{variable}: {path} cannot be read ({exc.strerror}); may this user read it?"
        ) from exc
    if not value:
        raise BadSettings(f"{variable}: {path} is empty; write the value into it")
    return value
