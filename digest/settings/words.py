"""Words: what is wrong with settings, and settings as a child process is given them."""

from pydantic import SecretStr


def in_words(error: object) -> str:
    assert isinstance(error, dict)  # noqa: S101  pydantic's ErrorDetails
    message = str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name = str(error["loc"][0])
    return f"{name if name == 'PORT' else f'DIGEST_{name.upper()}'}: {message}"


def as_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(as_text(word) for word in value)
    return str(value)
