"""Which addresses on the network may be asked: public ones, unless a mirror is our own."""

import re
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# A network without IPv4 reaches all of it through these addresses, the private ones too.
_NAT64 = ip_network("64:ff9b::/96")

_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)*{_LABEL}\.?")
_LAST_PORT = 65_535

LookUp = Callable[[str], list[str]]


def is_host(name: str, port: int | None) -> bool:
    """Return whether *name* can be a host's, in ASCII, and *port* one of its ports."""
    if port is not None and not 0 < port <= _LAST_PORT:
        return False
    try:
        ip_address(name)
    except ValueError:
        return bool(_NAME.fullmatch(name))
    return True


def look_up(host: str) -> list[str]:
    """
    Return the addresses of *host*, the preferred one first.

    Raises:
        OSError: it has none.

    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def allowed(addresses: list[str], *, private: bool) -> bool:
    """Return whether all of *addresses* may be asked; with *private*, our own network's too."""
    # One bad address is enough: who answers with a mixture is up to something.
    may_be_asked = _not_forbidden if private else _public
    return bool(addresses) and all(may_be_asked(_ip(address)) for address in addresses)


def _ip(address: str) -> IPv4Address | IPv6Address:
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and (ip.ipv4_mapped or ip in _NAT64):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv6Address) and (ip.sixtofour or ip.teredo):
        return False
    return ip.is_global and not ip.is_multicast


def _not_forbidden(ip: IPv4Address | IPv6Address) -> bool:
    # No mirror lives here, but a cloud's keys do: 169.254.169.254.
    return not (ip.is_link_local or ip.is_multicast or ip.is_unspecified)
