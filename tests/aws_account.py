"""An AWS account on loopback: moto's SNS, SQS and STS, and our own stand-in for SES."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from moto.server import ThreadedMotoServer

from tests.ses_account import SesAccount

REGION = "eu-west-1"
ACCOUNT = "123456789012"


@contextmanager
def served() -> Iterator[str]:
    """Yield the address of a moto server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def account() -> Iterator[tuple[str, SesAccount]]:
    """Yield moto's address and SES's administration: an account that boto3 finds by itself."""
    with served() as moto, SesAccount() as ses, pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            environment.delenv(name, raising=False)
        for name, value in surroundings(moto, ses).items():
            environment.setenv(name, value)
        yield moto, ses


def empty(moto: str, ses: SesAccount) -> None:
    """Take everything out of the account."""
    ses.forget()
    reset = Request(f"{moto}/moto-api/reset", method="POST")  # noqa: S310  moto's own door
    build_opener(ProxyHandler({})).open(reset).close()


def surroundings(moto: str, ses: SesAccount) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "no-such-file",
        "AWS_SHARED_CREDENTIALS_FILE": "no-such-file",
        "NO_PROXY": "127.0.0.1",
        "AWS_ENDPOINT_URL": moto,
        "AWS_ENDPOINT_URL_SESV2": ses.url,
    }
