"""A reader's own digests, for programs: by the token of their private feed."""

from flask import Response
from sqlalchemy.orm import Session

from digest.card import Reason
from digest.render import said
from digest.web import asking, shelf
from digest.web.api import shapes
from digest.web.api.operations import Parameter, operation
from digest.web.api.papers import About, picked, topics_of_papers
from digest.web.digests import Sent, address_of_feed, papers_of, reader_of_feed, sent
from digest.web.pages import services

TOKEN = Parameter(
    name="token",
    description="What follows `/feed/` in the address of a reader's private feed.",
    schema={"type": "string", "minLength": 1, "pattern": "^[^/]+$"},
    required=True,
    in_path=True,
)


@operation(
    "get",
    "/digests/{token}",
    takes=(TOKEN,),
    gives=shapes.Digests,
    refuses=(400, 404),
    private=True,
)
def digests(token: str) -> shapes.Digests | Response:
    """
    List a reader's newest digests, each with its papers and why they were picked.

    The address of the private feed, on the preferences page, has the token: whoever has it can
    read these digests, and do nothing else. It is void once its reader replaces it there, or
    revokes all links.
    """
    with services().sessions.begin() as session:
        reader = reader_of_feed(session, token)
        newest = sent(session, reader.id)
        if shelf.has_visitor(newest):
            return Response(status=304, mimetype="application/json")
        # Only now: whoever has them already is never refused.
        asking.count_read()
        about = topics_of_papers(session)
        return shapes.Digests(
            feed=address_of_feed(reader),
            digests=tuple(_digest(session, each, about) for each in newest),
        )


def _digest(session: Session, digest: Sent, about: About) -> shapes.Digest:
    papers = (
        picked(card, about, tuple(_why(said(reason)) for reason in reasons))
        for card, reasons in papers_of(session, digest)
    )
    return shapes.Digest(day=digest.day, sent_at=digest.at, papers=tuple(papers))


def _why(reason: Reason) -> shapes.Why:
    return shapes.Why(lead=reason.lead, chips=reason.chips, words=reason.words)
