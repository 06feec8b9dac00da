"""At the queue: whether events can be read, who may write, and what nobody understood."""

import json
from collections.abc import Iterator
from typing import Any

from digest.doctor.finding import Finding, Status
from digest.provisioning.account import Clients, found
from digest.provisioning.sender import Sender


def queue(clients: Clients, sender: Sender) -> Iterator[Finding]:
    if not sender.queue_url:
        detail = "DIGEST_SQS_QUEUE_URL is not set: events have to come by /hooks/ses"
        remedy = "set it, unless DIGEST_SNS_TOPICS is set: docs/operating.md"
        yield Finding("queue", Status.WARNING, detail, remedy)
        return
    there = _attributes(clients, sender.queue_url)
    if there is None:
        yield Finding("queue", Status.ERROR, f"there is no {sender.queue_url}", sender.set_up)
        return
    waiting = there.get("ApproximateNumberOfMessages", "0")
    yield Finding("queue", Status.OK, f"it can be read; {waiting} waiting in it")
    yield _writers(sender, there.get("Policy"))
    yield _dead_letters(clients, sender, there.get("RedrivePolicy"))


def _attributes(clients: Clients, url: str) -> dict[str, str] | None:
    answer = found(clients.sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["All"])
    return None if answer is None else dict(answer.get("Attributes", {}))


def _writers(sender: Sender, policy: str | None) -> Finding:
    """Return whether topics alone may write: what is in the queue is believed."""
    statements = json.loads(policy)["Statement"] if policy else []
    statements = statements if isinstance(statements, list) else [statements]
    allowed = [each for each in statements if each.get("Effect") == "Allow"]
    if not allowed:
        detail = "nobody may write to it, so no event can come"
        return Finding("writers", Status.ERROR, detail, sender.set_up)
    if not all(_names_a_source(each) for each in allowed):
        detail = "others than one topic may write to it, and what is in it is believed"
        return Finding("writers", Status.ERROR, detail, sender.set_up)
    return Finding("writers", Status.OK, "a topic alone may write to it")


def _names_a_source(statement: dict[str, Any]) -> bool:
    conditions = statement.get("Condition", {}).values()
    return any(name.lower() == "aws:sourcearn" for each in conditions for name in each)


def _dead_letters(clients: Clients, sender: Sender, redrive: str | None) -> Finding:
    if not redrive:
        detail = "there is no queue for them: what is not understood comes again for days"
        return Finding("dead queue", Status.WARNING, detail, sender.set_up)
    name = str(json.loads(redrive)["deadLetterTargetArn"]).rpartition(":")[2]
    there = _attributes(clients, f"{sender.queue_url.rpartition('/')[0]}/{name}")
    if there is None:
        detail = f"their queue {name} is gone"
        return Finding("dead queue", Status.ERROR, detail, sender.set_up)
    if there.get("ApproximateNumberOfMessages", "0") != "0":
        detail = f"{there['ApproximateNumberOfMessages']} not understood"
        remedy = f"look at them in {name}; the workers' log names each by its id"
        return Finding("dead queue", Status.WARNING, detail, remedy)
    return Finding("dead queue", Status.OK, "none")
