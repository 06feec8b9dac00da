"""DKIM: whether a domain has published a key that signatures are verified with (RFC 6376)."""

from digest.dns.resolver import Resolver


def key_name(selector: str, domain: str) -> str:
    """Return where the key called *selector* of *domain* is published."""
    return f"{selector}._domainkey.{domain}"


def has_key(resolver: Resolver, name: str) -> bool:
    """
    Tell whether there is a key at *name*, be it there itself or behind a CNAME.

    Raises:
        FetchError: the name servers do not answer.

    """
    # The version may be left out (RFC 6376, section 3.6.1); an empty key is a revoked one.
    tags = (
        dict(word.strip().partition("=")[::2] for word in text.split(";"))
        for text in resolver.texts(name)
    )
    return any(each.get("p", "").strip() for each in tags)
