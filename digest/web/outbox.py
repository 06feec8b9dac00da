"""The outbox: mails that were written on this machine instead of being sent; embedded mode only."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path

from flask import Blueprint, Response, abort, render_template

from digest.web.pages import services

blueprint = Blueprint("outbox", __name__)

LISTED = 100

# Without these the links of a mail inside a page would be dead: they must open elsewhere.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
)
_PREHEADER = re.compile(r"<div[^>]*display:\s*none[^>]*>([^<]+)")
_LINK = re.compile(r"<a(?=\s)(?![^>]*\starget=)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Written:
    """A mail in the outbox."""

    id: str
    mail: EmailMessage

    @property
    def preheader(self) -> str:
        """What a mailbox shows beside the subject: the first words of the mail, mostly hidden."""
        hidden = _PREHEADER.search(self.part("html"))
        return (
            unescape(hidden[1]).strip(" \N{ZERO WIDTH NON-JOINER}\N{NO-BREAK SPACE}\n")
            if hidden
            else ""
        )

    def part(self, kind: str) -> str:
        body = self.mail.get_body((kind,))
        return str(body.get_content()) if body else ""


@blueprint.get("/outbox")
def listing() -> str:
    newest = sorted(_files(), key=lambda file: file.name, reverse=True)[:LISTED]
    return render_template("outbox.html", mails=[_read(file) for file in newest])


@blueprint.get("/outbox/<mail_id>")
def one(mail_id: str) -> str:
    return render_template("outbox_mail.html", written=_find(mail_id))


@blueprint.get("/outbox/<mail_id>/html")
def html(mail_id: str) -> Response:
    body = _LINK.sub('<a target="_blank"', _find(mail_id).part("html"))
    return Response(body, headers={"Content-Security-Policy": MAIL_POLICY})


def _files() -> list[Path]:
    return list(services().settings.outbox.glob("[!.]*.eml"))


def _find(mail_id: str) -> Written:
    # Looked up among what is there: an id is never made into a path.
    file = next((file for file in _files() if file.stem == mail_id), None)
    if file is None:
        abort(404)
    return _read(file)


def _read(file: Path) -> Written:
    return Written(file.stem, message_from_bytes(file.read_bytes(), policy=policy.default))
