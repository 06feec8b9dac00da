"""Provisioning: what sending through SES needs in an AWS account and in the DNS."""

from digest.provisioning.account import Clients, clients
from digest.provisioning.checking import examine
from digest.provisioning.probing import probe
from digest.provisioning.report import Report, set_up
from digest.provisioning.sender import Sender, sender
from digest.provisioning.wanted import Wanted, wanted

__all__ = [
    "Clients",
    "Report",
    "Sender",
    "Wanted",
    "clients",
    "examine",
    "probe",
    "sender",
    "set_up",
    "wanted",
]
