"""SPF (RFC 7208): who may send mail with a domain as its envelope sender."""

from digest.dns.resolver import Resolver

VERSION = "v=spf1"


def spf_of(resolver: Resolver, domain: str) -> tuple[str, ...]:
    """
    Return the SPF records of *domain*; more than one is an error of its own (RFC 7208, 4.5).

    Raises:
        FetchError: the DNS does not answer.

    """
    texts = resolver.texts(domain)
    return tuple(text for text in texts if text.lower().partition(" ")[0] == VERSION)


def authorises(record: str, host: str) -> bool:
    """Tell whether *record* itself includes *host*, or redirects to it."""
    words = [word.lower().lstrip("+") for word in record.split()[1:]]
    return f"include:{host}" in words or f"redirect={host}" in words
