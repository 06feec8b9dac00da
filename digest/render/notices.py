"""Mails with one thing to press: what they say."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from digest.language import gettext as _
from digest.language import ngettext
from digest.render.page import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A mail with one thing to press."""

    subject: str
    preheader: str
    headline: str
    lede: str
    label: str
    url: str
    fine_print: str
    ways: tuple[tuple[str, str], ...] = ()
    why: str


def confirmation(site: Site, *, email: str, confirm_url: str, hours: int) -> Notice:
    return Notice(
        subject=_("Confirm your subscription to %(site)s", site=site.name),
        preheader=_("Press one button, and your first digest is on its way."),
        headline=_("Confirm your subscription"),
        lede=_(
            "%(site)s mails you the trending papers of the day that fit your interests. Open this"
            " link, press one button, and your first digest is on its way.",
            site=site.name,
        ),
        label=_("Confirm my subscription"),
        url=confirm_url,
        fine_print=" ".join(
            (
                _works_for(hours),
                _("If you did not ask for this, ignore it: you will get no digests."),
            )
        ),
        why=_(
            "Someone, probably you, entered %(email)s at %(host)s.", email=email, host=host(site)
        ),
    )


def link(site: Site, *, email: str, preferences_url: str, unsubscribe_url: str) -> Notice:
    return Notice(
        subject=_("Your link to %(site)s", site=site.name),
        preheader=_("It opens your preferences: topics, days, hour, a pause."),
        headline=_("Your link"),
        lede=_(
            "It opens your preferences: your topics and keywords, the days and the hour, and a"
            " pause when you need one."
        ),
        label=_("Open my preferences"),
        url=preferences_url,
        fine_print=_(
            "Keep it to yourself: whoever has it can change what you get. If you did not ask for"
            " it, ignore this mail: nothing has changed."
        ),
        ways=((_("Preferences"), preferences_url), (_("Unsubscribe"), unsubscribe_url)),
        why=_(
            "You get this because someone, probably you, entered %(email)s at %(host)s, where it"
            " is subscribed.",
            email=email,
            host=host(site),
        ),
    )


def change(site: Site, *, email: str, confirm_url: str, hours: int) -> Notice:
    return Notice(
        subject=_("Confirm your new address at %(site)s", site=site.name),
        preheader=_("Press one button, and your digests come here."),
        headline=_("Confirm your new address"),
        lede=_(
            "Open this link and press one button, and your digests of %(site)s come to this"
            " address instead of the one to which they come now.",
            site=site.name,
        ),
        label=_("Confirm this address"),
        url=confirm_url,
        fine_print=" ".join(
            (_works_for(hours), _("If you did not ask for this, ignore it: nothing changes."))
        ),
        why=_(
            "Someone, probably you, entered %(email)s in the preferences of a subscription at"
            " %(host)s.",
            email=email,
            host=host(site),
        ),
    )


def moved(site: Site, *, email: str, undo_url: str, days: int) -> Notice:
    return Notice(
        subject=_("Your address at %(site)s was changed", site=site.name),
        preheader=_("If that was you, there is nothing to do."),
        headline=_("Your address was changed"),
        lede=_(
            "Your digests of %(site)s come to another address from now on, as was asked for in"
            " your preferences and confirmed there. If that was you, there is nothing to do; if"
            " not, change it back.",
            site=site.name,
        ),
        label=_("Change it back"),
        url=undo_url,
        fine_print=ngettext(
            "The link works for %(num)s day. It brings your digests back here and makes all older"
            " links void.",
            "The link works for %(num)s days. It brings your digests back here and makes all older"
            " links void.",
            days,
        ),
        why=_(
            "You get this because %(email)s was subscribed at %(host)s until now. It is the last"
            " mail to this address.",
            email=email,
            host=host(site),
        ),
    )


def alarm(site: Site, *, what: str, since: str, until: str | None, why: str) -> Notice:
    """Return what tells the operator of *what* is wrong; *why* and it are in English."""
    times = {"what": what, "since": since, "until": until}
    return Notice(
        subject=_("%(site)s: alarm (%(what)s)", site=site.name, what=what)
        if until is None
        else _("%(site)s: over (%(what)s)", site=site.name, what=what),
        preheader=why,
        headline=_("Something needs you") if until is None else _("It is over"),
        lede=why,
        label=_("Open the status page"),
        url=f"{site.base_url}/status",
        fine_print=_("%(what)s: since %(since)s UTC.", **times)
        if until is None
        else _("%(what)s: since %(since)s, until %(until)s UTC.", **times),
        why=_(
            "You get this because DIGEST_ALARM_MAIL_TO names your address. The command digest"
            " doctor on %(host)s says more.",
            host=host(site),
        ),
    )


def host(site: Site) -> str:
    return urlsplit(site.base_url).hostname or site.base_url


def _works_for(hours: int) -> str:
    return ngettext("The link works for %(num)s hour.", "The link works for %(num)s hours.", hours)
