"""Hooks: what the mail system posts; nobody else's message gets any further."""

import logging
from collections.abc import Mapping
from typing import cast

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from digest import pipeline
from digest.errors import BadMessage, FetchError
from digest.events import strictly
from digest.events.sns import Verifier
from digest.web.pages import services

log = logging.getLogger("digest.web.hooks")

blueprint = Blueprint("hooks", __name__)


@blueprint.post("/hooks/ses")
def ses() -> Response:
    # Where no topic is ours, there is nothing to be told.
    if not services().settings.sns_topics:
        raise NotFound
    # Larger than any form, and smaller than what SNS cannot carry.
    request.max_content_length = strictly.LARGEST
    try:
        _heed(verifier().genuine(request.get_data()))
    except BadMessage as exc:
        # Short, and the same whatever is wrong: nobody learns from it how to forge a better one.
        log.warning("refused a message: %s", exc)
        return _answer("Refused.", 400)
    except RequestEntityTooLarge:
        return _answer("Refused.", 413)
    except FetchError as exc:
        log.warning("a message has to come again: %s", exc)
        return _answer("Try again later.", 503)
    return _answer("Thank you.", 200)


def _heed(message: Mapping[str, str]) -> None:
    match message["Type"]:
        case "Notification":
            pipeline.hear(services(), message["Message"])
        case "SubscriptionConfirmation":
            _confirm(message)
            log.info("subscribed to %s", message["TopicArn"])
        case _:
            # Somebody who may has ended it; the operator may want to know.
            log.warning("no longer subscribed to %s", message["TopicArn"])


def _confirm(message: Mapping[str, str]) -> None:
    # Once in an installation's life, and boto3 takes longer to import than everything else here.
    from digest import aws  # noqa: PLC0415
    from digest.events.subscribing import confirm  # noqa: PLC0415

    confirm(message, aws.sns)


def verifier() -> Verifier:
    """Return the one of this process, made when the first message comes."""
    found = current_app.extensions.get("sns")
    if found is None:
        # Only where SNS calls: what verifies takes memory that nobody else needs.
        from digest.events.certificates import Certificates, fetched  # noqa: PLC0415

        settings, clock = services().settings, services().clock
        certificates = Certificates(fetched(settings.base_url), clock)
        found = Verifier(settings.sns_topics, certificates, clock)
        current_app.extensions["sns"] = found
    return cast("Verifier", found)


def _answer(text: str, status: int) -> Response:
    return Response(f"{text}\n", status, content_type="text/plain; charset=utf-8")
