"""Sending: the configuration set and where it tells of its mails, and the domain's identity."""

from collections.abc import Iterator
from typing import Any

from digest.provisioning.account import Clients, found
from digest.provisioning.step import Hand, Step
from digest.provisioning.wanted import Wanted

EVENTS = (
    "SEND",
    "DELIVERY",
    "BOUNCE",
    "COMPLAINT",
    "REJECT",
    "RENDERING_FAILURE",
    "DELIVERY_DELAY",
    "SUBSCRIPTION",
)
"""All that `digest/events` understands. Not OPEN and CLICK, which would rewrite mails to spy."""

REASONS = ["BOUNCE", "COMPLAINT"]
"""What puts an address on the account's suppression list."""

KEY_LENGTH = "RSA_2048_BIT"


def configuration_set(clients: Clients, wanted: Wanted, hand: Hand) -> Iterator[Step]:
    ses, name, what = clients.ses, wanted.name, "configuration set"
    there = found(ses.get_configuration_set, ConfigurationSetName=name)

    def create() -> None:
        ses.create_configuration_set(
            ConfigurationSetName=name,
            ReputationOptions={"ReputationMetricsEnabled": True},
            SuppressionOptions={"SuppressedReasons": REASONS},
        )

    def measure() -> None:
        ses.put_configuration_set_reputation_options(
            ConfigurationSetName=name, ReputationMetricsEnabled=True
        )

    def suppress() -> None:
        ses.put_configuration_set_suppression_options(
            ConfigurationSetName=name, SuppressedReasons=REASONS
        )

    if there is None:
        yield hand.create(what, name, create)
        return
    measured = there.get("ReputationOptions", {}).get("ReputationMetricsEnabled")
    yield hand.change(what, name, "" if measured else "reputation metrics", measure)
    reasons = there.get("SuppressionOptions", {}).get("SuppressedReasons", [])
    if sorted(reasons) != REASONS:
        yield hand.change(what, name, "reasons of suppression", suppress)


def destination(clients: Clients, wanted: Wanted, hand: Hand) -> Step:
    ses, name = clients.ses, wanted.topic
    definition = {
        "Enabled": True,
        "MatchingEventTypes": list(EVENTS),
        "SnsDestination": {"TopicArn": wanted.topic_arn},
    }
    request = {
        "ConfigurationSetName": wanted.name,
        "EventDestinationName": name,
        "EventDestination": definition,
    }

    def create() -> None:
        ses.create_configuration_set_event_destination(**request)

    def change() -> None:
        ses.update_configuration_set_event_destination(**request)

    there = next((each for each in destinations(ses, wanted.name) if each["Name"] == name), None)
    if there is None:
        return hand.create("event destination", name, create)
    return hand.change("event destination", name, _differing(there, wanted), change)


def destinations(ses: Any, configuration_set: str) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return where *configuration_set* publishes its events; nowhere, if there is no such set."""
    answer = found(
        ses.get_configuration_set_event_destinations, ConfigurationSetName=configuration_set
    )
    return list((answer or {}).get("EventDestinations", ()))


def _differing(there: dict[str, Any], wanted: Wanted) -> str:
    differs = {
        "switched off": not there.get("Enabled"),
        "kinds of events": set(there.get("MatchingEventTypes", ())) != set(EVENTS),
        "topic": there.get("SnsDestination", {}).get("TopicArn") != wanted.topic_arn,
    }
    return ", ".join(name for name, true in differs.items() if true)


def identity(clients: Clients, wanted: Wanted, hand: Hand) -> Iterator[Step]:
    ses, domain = clients.ses, wanted.domain
    there = found(ses.get_email_identity, EmailIdentity=domain)

    def create() -> None:
        ses.create_email_identity(
            EmailIdentity=domain, DkimSigningAttributes={"NextSigningKeyLength": KEY_LENGTH}
        )

    if there is None:
        yield hand.create("identity", domain, create)
    else:
        yield _dkim(ses, domain, there.get("DkimAttributes", {}), hand)
    yield _mail_from(ses, wanted, (there or {}).get("MailFromAttributes", {}), hand)


def _dkim(ses: Any, domain: str, dkim: dict[str, Any], hand: Hand) -> Step:  # noqa: ANN401
    own_key = dkim.get("SigningAttributesOrigin") == "EXTERNAL"
    # Whoever brought a key of their own has chosen its length too.
    short = not own_key and dkim.get("NextSigningKeyLength", KEY_LENGTH) != KEY_LENGTH
    off = not dkim.get("SigningEnabled", True)

    def change() -> None:
        if short:
            ses.put_email_identity_dkim_signing_attributes(
                EmailIdentity=domain,
                SigningAttributesOrigin="AWS_SES",
                SigningAttributes={"NextSigningKeyLength": KEY_LENGTH},
            )
        if off:
            ses.put_email_identity_dkim_attributes(EmailIdentity=domain, SigningEnabled=True)

    differs = [*(["length of the key"] if short else []), *(["signing is off"] if off else [])]
    return hand.change("identity", domain, ", ".join(differs), change)


def _mail_from(ses: Any, wanted: Wanted, there: dict[str, Any], hand: Hand) -> Step:  # noqa: ANN401
    present = there.get("MailFromDomain") or ""
    name = wanted.mail_from or present or f"mail.{wanted.domain}"

    def put() -> None:
        ses.put_email_identity_mail_from_attributes(
            EmailIdentity=wanted.domain,
            MailFromDomain=name,
            BehaviorOnMxFailure="USE_DEFAULT_VALUE",
        )

    if not present:
        return hand.create("MAIL FROM", name, put)
    return hand.change("MAIL FROM", name, "" if present == name else f"was {present}", put)
