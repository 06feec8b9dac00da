"""Commands about sending through Amazon SES: what it needs is made, and looked at."""

import json
import sys
from contextlib import closing

import click

from digest.cli.findings import conclude
from digest.cli.group import cli
from digest.clock import utc_now
from digest.settings import read_settings

# boto3 takes longer to import than everything else here, so each command imports what it needs.


@cli.group()
def ses() -> None:
    """Set up sending through Amazon SES, and look whether all of it is in place."""


@ses.command("setup")
@click.option("--domain", required=True, help="The domain of DIGEST_SENDER, which you own.")
@click.option("--region", required=True, help="The region of AWS to send from, such as eu-west-1.")
@click.option("--mail-from", default="", help="Domain of the envelope sender.  [mail.DOMAIN]")
@click.option(
    "--name", default="daybreak", show_default=True, help="What its parts are named after."
)
@click.option("--reports-to", default="", help="Who reads DMARC's reports.  [dmarc@DOMAIN]")
@click.option("--dry-run", is_flag=True, help="Only look, and say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON document.")
def setup(
    *,
    domain: str,
    region: str,
    mail_from: str,
    name: str,
    reports_to: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Make all that sending from DOMAIN needs in the AWS account of your credentials.

    A configuration set, a topic and a queue (with one for dead letters) for events, the domain's
    identity with DKIM and a MAIL FROM of its own. Safe to repeat: what is there stays, what
    differs is changed. Prints the DNS records to publish and the settings to make. The
    credentials need deploy/iam/setup.json.

    \b
    Examples:
      digest ses setup --domain example.org --region eu-west-1 --dry-run
      digest ses setup --domain example.org --region eu-west-1
      digest ses setup --domain example.org --region eu-west-1 --name daybreak-staging
    """  # noqa: D301
    from digest import provisioning  # noqa: PLC0415

    wanted = provisioning.wanted(domain, region, name, mail_from, reports_to)
    told = _nothing if as_json else click.echo
    with closing(provisioning.clients(region)) as clients:
        report = provisioning.set_up(clients, wanted, told, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(report.plain(), indent=2))
    elif not report.error:
        click.echo("\n".join(report.lines()))
    if report.error:
        click.echo(f"Error: {report.error}.", err=True)
        sys.exit(1)


def _nothing(_line: str) -> None:
    """Say nothing: what is printed is for a program."""


@ses.command("check")
@click.option("--domain", default="", help="Another than that of DIGEST_SENDER.")
@click.option("--region", default="", help="Another than that of DIGEST_MAIL_URL.")
@click.option("--name", default="", help="Another configuration set than that of DIGEST_MAIL_URL.")
@click.option("--probe", is_flag=True, help="Send a mail to SES's mailbox simulator, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check(*, domain: str, region: str, name: str, probe: bool, as_json: bool) -> None:
    """
    Say whether SES, the queue and the DNS are ready to send, and what to do where they are not.

    Exits with 1 when something is wrong, as `digest doctor` does. The credentials need
    deploy/iam/check.json.

    \b
    Examples:
      digest ses check
      digest ses check --probe
      digest ses check --domain example.org --region eu-west-1 --name daybreak
    """  # noqa: D301
    from digest import provisioning  # noqa: PLC0415
    from digest.dns import Resolver  # noqa: PLC0415

    settings = read_settings()
    sender = provisioning.sender(settings, domain=domain, region=region, name=name)
    with closing(provisioning.clients(sender.region)) as clients:
        findings = list(provisioning.examine(clients, Resolver(settings.dns_server), sender))
        if probe:
            findings.append(provisioning.probe(clients, sender, utc_now))
    conclude(findings, as_json=as_json)
