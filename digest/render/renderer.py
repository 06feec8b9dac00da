"""Filling the templates: from facts to the two bodies of a mail."""

import textwrap
from dataclasses import asdict, dataclass
from datetime import date
from urllib.parse import urlsplit

from jinja2 import DictLoader

from digest.render import wording
from digest.render.entry import sections
from digest.render.page import DigestPage, Rendered, Site
from digest.render.templates import compiled_mails, environment

TEXT_WIDTH = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class _Notice:
    """A mail with one thing to press."""

    subject: str
    preheader: str
    headline: str
    lede: str
    label: str
    url: str
    fine_print: str
    ways: tuple[tuple[str, str], ...]
    why: str


class Renderer:
    """Every mail of one installation; MJML is compiled here, once."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._host = urlsplit(site.base_url).hostname or site.base_url
        jinja = environment(DictLoader(compiled_mails()))
        jinja.globals.update(site=site)
        jinja.filters.update(fill=_fill, lower_first=_lower_first)
        self._templates = {
            name: (
                jinja.get_template(f"email/{name}.html"),
                jinja.get_template(f"email/{name}.txt.j2"),
            )
            for name in ("digest", "notice")
        }

    def digest(self, page: DigestPage) -> Rendered:
        imprint = (
            wording.disclosure(page.items),
            wording.reason_for(page.footer),
            self._site.postal_address,
        )
        return self._rendered(
            "digest",
            subject=wording.subject(page),
            preheader=wording.preheader(page),
            date=_long(page.day),
            banner=wording.banner(page),
            headline=wording.headline(page),
            lede=wording.lede(page),
            note=wording.WELCOME if page.first else None,
            groups=tuple(sections(page, self._site.base_url)),
            today_label="See all recent papers",
            today_url=page.today_url,
            ways=wording.ways(page.footer),
            imprint=tuple(filter(None, imprint)),
        )

    def confirmation(self, *, email: str, confirm_url: str, hours: int) -> Rendered:
        """Return the mail that asks *email* to confirm; it carries no other word of a visitor."""
        site = self._site
        return self._notice(
            _Notice(
                subject=f"Confirm your subscription to {site.name}",
                preheader="Press one button, and your first digest is on its way.",
                headline="Confirm your subscription",
                lede=f"{site.name} mails you the day's trending papers that fit your interests."
                " Open this link, press one button, and your first digest is on its way.",
                label="Confirm my subscription",
                url=confirm_url,
                fine_print=f"The link works for {wording.count(hours, 'hour')}."
                " If you did not ask for this, ignore it: you will get no digests.",
                ways=(),
                why=f"Someone, probably you, entered {email} at {self._host}.",
            )
        )

    def link(self, *, email: str, preferences_url: str, unsubscribe_url: str) -> Rendered:
        """Return the mail that brings a reader back to their preferences."""
        return self._notice(
            _Notice(
                subject=f"Your link to {self._site.name}",
                preheader="It opens your preferences: topics, days, hour, a pause.",
                headline="Your link",
                lede="It opens your preferences: your topics and keywords, the days and the hour,"
                " and a pause when you need one.",
                label="Open my preferences",
                url=preferences_url,
                fine_print="Keep it to yourself: whoever has it can change what you get."
                " If you did not ask for it, ignore this mail: nothing has changed.",
                ways=(("Preferences", preferences_url), ("Unsubscribe", unsubscribe_url)),
                why=f"You get this because someone, probably you, entered {email}"
                f" at {self._host}, where it is subscribed.",
            )
        )

    def change(self, *, email: str, confirm_url: str, hours: int) -> Rendered:
        """Return the mail that asks *email* to take over a subscription of another address."""
        site = self._site
        return self._notice(
            _Notice(
                subject=f"Confirm your new address at {site.name}",
                preheader="Press one button, and your digests come here.",
                headline="Confirm your new address",
                lede=f"Open this link and press one button, and your digests of {site.name} come"
                " to this address instead of the one to which they come now.",
                label="Confirm this address",
                url=confirm_url,
                fine_print=f"The link works for {wording.count(hours, 'hour')}."
                " If you did not ask for this, ignore it: nothing changes.",
                ways=(),
                why=f"Someone, probably you, entered {email} in the preferences of a subscription"
                f" at {self._host}.",
            )
        )

    def moved(self, *, email: str, undo_url: str, days: int) -> Rendered:
        """Return the mail that tells *email* that its digests go elsewhere now."""
        site = self._site
        return self._notice(
            _Notice(
                subject=f"Your address at {site.name} was changed",
                preheader="If that was you, there is nothing to do.",
                headline="Your address was changed",
                lede=f"Your digests of {site.name} come to another address from now on, as was"
                " asked for in your preferences and confirmed there. If that was you, there is"
                " nothing to do; if not, change it back.",
                label="Change it back",
                url=undo_url,
                fine_print=f"The link works for {wording.count(days, 'day')}. It brings your"
                " digests back here and makes all older links void.",
                ways=(),
                why=f"You get this because {email} was subscribed at {self._host} until now."
                " It is the last mail to this address.",
            )
        )

    def _notice(self, notice: _Notice) -> Rendered:
        return self._rendered(
            "notice",
            **asdict(notice),
            date="",
            banner=None,
            note=None,
            imprint=(notice.why, self._site.postal_address),
        )

    def _rendered(self, name: str, *, subject: str, **values: object) -> Rendered:
        html, text = self._templates[name]
        values |= {"subject": subject, "padding": wording.PADDING}
        return Rendered(subject, html.render(values), text.render(values))


def _long(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B}"


def _fill(text: str, first: str = "", others: str | None = None) -> str:
    return textwrap.fill(
        text,
        TEXT_WIDTH,
        initial_indent=first,
        subsequent_indent=first if others is None else others,
        # A long word may be an address, and half an address leads nowhere.
        break_long_words=False,
        break_on_hyphens=False,
    )


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
