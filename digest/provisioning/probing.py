"""Probing: one real mail to SES's mailbox simulator, which takes it and tells nobody."""

from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from digest.clock import Clock
from digest.doctor.finding import Finding, Status
from digest.errors import FetchError
from digest.provisioning.account import Clients, asking
from digest.provisioning.sender import Sender

SIMULATOR = "success@simulator.amazonses.com"
"""It counts against the quota, and not against the reputation; the sandbox lets it through."""


def probe(clients: Clients, sender: Sender, clock: Clock) -> Finding:
    message = EmailMessage()
    message["From"] = sender.mailbox
    message["To"] = SIMULATOR
    message["Subject"] = f"A probe of {sender.site_name}"
    message["Date"] = format_datetime(clock())
    message["Message-ID"] = make_msgid(domain=sender.domain)
    message.set_content("This mail tries out whether mail can be sent.\n")
    named = {"ConfigurationSetName": sender.configuration_set} if sender.configuration_set else {}
    try:
        with asking():
            answer = clients.ses.send_email(
                Destination={"ToAddresses": [SIMULATOR]},
                Content={"Raw": {"Data": message.as_bytes()}},
                EmailTags=[{"Name": "kind", "Value": "probe"}],
                **named,
            )
    except FetchError as exc:
        return Finding("probe", Status.ERROR, str(exc), "mend what is said above; then again")
    return Finding("probe", Status.OK, f"accepted as {answer.get('MessageId')}")
