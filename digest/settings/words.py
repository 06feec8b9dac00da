"""Words: what is wrong with settings, and settings as a child process is given them."""

from pydantic import SecretStr


def variable(name: str) -> str:
    """Return the environment variable of the setting *name*."""
    return "PORT" if name.upper() == "PORT" else f"DIGEST_{name.upper()}"


def in_words(error: object) -> str:
    assert isinstance(error, dict)  # noqa: S101  pydantic's ErrorDetails
    message = str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:
        return message
    return f"{variable(str(error['loc'][0]))}: {message}"


def as_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(as_text(word) for word in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
