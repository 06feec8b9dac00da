"""AWS Signature Version 4, from the side that checks it (AWS: "Signing API requests")."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlsplit

KEY_ID = "AKIATORTURE"
SECRET = "a-secret-of-nobody"

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/aws4_request,"
    r" *SignedHeaders=([a-z0-9;-]+), *Signature=([0-9a-f]{64})"
)


def is_signed(method: str, url: str, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Tell whether the request was signed with *secret*, for SES, in all that it says."""
    headers = {name.lower(): value for name, value in headers.items()}
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None:
        return False
    key_id, day, region, service, named, signature = found.groups()
    scope = f"{day}/{region}/{service}/aws4_request"
    moment = headers.get("x-amz-date", "")
    if key_id != KEY_ID or service != "ses" or not moment.startswith(f"{day}T"):
        return False
    if "host" not in named.split(";"):
        return False
    hashed = hashlib.sha256(_canonical(method, url, headers, named, body).encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashed}"
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signature)


def _canonical(method: str, url: str, headers: Mapping[str, str], named: str, body: bytes) -> str:
    parts = urlsplit(url)
    query = sorted(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    lines = [f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in named.split(";")]
    hashed = hashlib.sha256(body).hexdigest()
    path = quote(parts.path or "/", safe="/-_.~")
    return "\n".join([method, path, "&".join(query), "".join(lines), named, hashed])
