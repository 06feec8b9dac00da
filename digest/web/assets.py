"""The stylesheet, the icon and the script, filled with the tokens."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Template

from flask import Blueprint, Response, abort, request

from digest import tokens

blueprint = Blueprint("assets", __name__)

# They are for whoever reads the source; a phone has no use for them.
_COMMENT = re.compile(r"^(?:/\*.*\*/|//.*)\n", re.MULTILINE)

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    version: str
    kind: str


@cache
def assets() -> dict[str, Asset]:
    """Return what is served below /static, by name."""
    files = resources.files("digest.web").joinpath("static").iterdir()
    return {file.name: _asset(file.name, file.read_text("utf-8")) for file in files}


def _asset(name: str, text: str) -> Asset:
    body = (
        Template(_COMMENT.sub("", text))
        .substitute(
            light=tokens.custom_properties(tokens.LIGHT),
            dark=tokens.custom_properties(tokens.DARK),
            accent=tokens.LIGHT.accent,
            dark_accent=tokens.DARK.accent,
            sans=tokens.SANS,
            serif=tokens.SERIF,
        )
        .encode()
    )
    kind = _TYPES[name.rpartition(".")[2]]
    return Asset(body, hashlib.sha256(body).hexdigest()[:12], f"{kind}; charset=utf-8")


@blueprint.app_template_global("asset")
def address(name: str) -> str:
    """Return the address of an asset; it changes with its content, so that it may be kept."""
    return f"/static/{name}?v={assets()[name].version}"


@blueprint.get("/static/<name>")
def serve(name: str) -> Response:
    asset = assets().get(name)
    if asset is None:
        abort(404)
    response = Response(asset.body, content_type=asset.kind)
    response.set_etag(asset.version)
    if request.args.get("v") == asset.version:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.make_conditional(request)
    return response
