"""A whole digest: what its templates are filled with."""

from digest.language import gettext as _
from digest.render import wording
from digest.render.entry import sections
from digest.render.page import DigestPage, Site


def whole(page: DigestPage, site: Site) -> dict[str, object]:
    """Return what the templates of a digest show of *page*."""
    imprint = (
        wording.disclosure(page.items),
        wording.reason_for(page.footer.email, page.footer.schedule),
        site.postal_address,
    )
    return {
        "subject": wording.subject(page),
        "preheader": wording.preheader(page),
        "date": wording.dateline(page),
        "banner": wording.banner(page),
        "headline": wording.headline(page),
        "lede": wording.lede(page),
        "note": wording.welcome(page),
        "groups": tuple(sections(page, site.base_url)),
        "closing": wording.closing(page),
        "today_label": _("See all recent papers"),
        "today_url": page.today_url,
        "ways": wording.ways(page.footer),
        "imprint": tuple(filter(None, imprint)),
        "padding": wording.PADDING,
    }
