"""DNS: what a domain has published about its mail."""

from digest.dns.dkim import has_key, key_name
from digest.dns.dmarc import Dmarc, Found, dmarc_of, organisation
from digest.dns.resolver import Resolver
from digest.dns.spf import authorises, spf_of

__all__ = [
    "Dmarc",
    "Found",
    "Resolver",
    "authorises",
    "dmarc_of",
    "has_key",
    "key_name",
    "organisation",
    "spf_of",
]
