"""Asking: the one door to the domain name system."""

from collections.abc import Iterator
from contextlib import contextmanager

import dns.exception
import dns.name
import dns.resolver

from digest.errors import FetchError
from digest.settings.values import name_server

PATIENCE = 5.0
"""Seconds for one question, all its repetitions included."""

# A name that does not exist, and one without such a record, say the same to us: nothing is there.
_NOTHING = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer)


class Resolver:
    """
    Asks the machine's name servers, or only *server*: `192.0.2.1`, `192.0.2.1:5353`, `[::1]:53`.

    Raises:
        ValueError: *server* is no such address.

    """

    def __init__(self, server: str = "", *, patience: float = PATIENCE) -> None:
        self._server = name_server(server) if server else None
        self._patience = patience

    def texts(self, name: str) -> tuple[str, ...]:
        """
        Return the TXT records of *name*, each in one piece; none where there is no such name.

        Raises:
            FetchError: nobody answers, or the answer is an error.

        """
        return tuple(
            b"".join(each.strings).decode("utf-8", "replace") for each in self._answers(name, "TXT")
        )

    def mail_exchangers(self, name: str) -> tuple[tuple[int, str], ...]:
        """
        Return preference and host of each MX record of *name*, the most wanted first.

        Raises:
            FetchError: nobody answers, or the answer is an error.

        """
        found = self._answers(name, "MX")
        return tuple(sorted((each.preference, _plain(each.exchange)) for each in found))

    def alias(self, name: str) -> str | None:
        """
        Return what the CNAME record of *name* leads to, or None.

        Raises:
            FetchError: nobody answers, or the answer is an error.

        """
        return next((_plain(each.target) for each in self._answers(name, "CNAME")), None)

    def _answers(self, name: str, kind: str) -> Iterator:  # type: ignore[type-arg]  # as dnspython has it
        with _silence_in_words(name, kind):
            resolver = self._resolver()
            try:
                return iter(resolver.resolve(name, kind, search=False, lifetime=self._patience))
            except _NOTHING:
                return iter(())

    def _resolver(self) -> dns.resolver.Resolver:
        if self._server is None:
            return dns.resolver.Resolver()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [self._server[0]], self._server[1]
        return resolver


@contextmanager
def _silence_in_words(name: str, kind: str) -> Iterator[None]:
    try:
        yield
    except dns.exception.DNSException as exc:
        why = " ".join(str(exc).split()) or type(exc).__name__
        raise FetchError(f"the DNS did not tell {kind} of {name}: {why[:200]}") from exc
    except OSError as exc:
        raise FetchError(f"the DNS cannot be asked for {kind} of {name}: {exc}") from exc


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
