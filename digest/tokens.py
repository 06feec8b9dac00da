"""Colours and type, in one place for mails and pages alike."""

from dataclasses import asdict, dataclass
from types import MappingProxyType

from markupsafe import Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """
    Colours as #rrggbb; a name that ends in `_ink` is that of the text on the colour before it.

    `ink2` is for what is read second, `field` for the borders of form fields, which need 3:1.
    """

    canvas: str
    sheet: str
    ink: str
    ink2: str
    line: str
    accent: str
    accent_ink: str
    match: str
    match_ink: str
    chip: str
    chip_ink: str
    field: str
    good: str
    bad: str


LIGHT = Palette(
    canvas="#f5f3ee",
    sheet="#ffffff",
    ink="#1c1a17",
    ink2="#5b564d",
    line="#e6e1d7",
    accent="#9a3412",
    accent_ink="#ffffff",
    match="#fdeadb",
    match_ink="#8a2d0e",
    chip="#f1ede4",
    chip_ink="#5b564d",
    field="#8a8377",
    good="#23643c",
    bad="#a4161a",
)
DARK = Palette(
    canvas="#121110",
    sheet="#1b1a18",
    ink="#f3f0ea",
    ink2="#b6afa3",
    line="#34312c",
    accent="#f7a874",
    accent_ink="#1c1a17",
    match="#40260f",
    match_ink="#ffc59b",
    chip="#2a2824",
    chip_ink="#c4bdb1",
    field="#8b8478",
    good="#8fd3a7",
    bad="#ff9c97",
)


def _css(text: str) -> Markup:
    """Return *text* as safe: these are our own words, without a double quote, for attributes."""
    return Markup(text)  # noqa: S704


SANS = _css("-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif")
SERIF = _css("Georgia,'Times New Roman',serif")


def custom_properties(palette: Palette) -> Markup:
    """Return *palette* as declarations for `:root`: `--canvas:#f5f3ee;--accent-ink:#ffffff;...`."""
    colours = asdict(palette).items()
    return _css(";".join(f"--{name.replace('_', '-')}:{value}" for name, value in colours))


def _text(size: int, line: int, colour: str, more: str = "") -> Markup:
    colour = getattr(LIGHT, colour)
    return _css(f"font-size:{size}px;line-height:{line}px;color:{colour};{more}".rstrip(";"))


_BOLD_SERIF = f"font-family:{SERIF};font-weight:700"

# Mail clients want their styles on the element, so this is the light mode; `dark_css` overrides.
STYLES = MappingProxyType(
    {
        "brand": _text(20, 24, "ink", _BOLD_SERIF),
        "headline": _text(30, 37, "ink", f"{_BOLD_SERIF};letter-spacing:-.01em;margin:0"),
        "lede": _text(16, 25, "ink2", "margin:10px 0 0"),
        "body": _text(16, 25, "ink", "margin:0"),
        "banner": _text(14, 21, "match_ink"),
        "meta": _text(13, 20, "ink2"),
        "strong": _css(f"color:{LIGHT.ink};font-weight:600"),
        "section": _text(
            12, 16, "ink", "margin:0;font-weight:700;letter-spacing:.08em;text-transform:uppercase"
        ),
        "closing": _text(16, 25, "ink2", "margin:0"),
        "title": _text(20, 27, "ink", f"{_BOLD_SERIF};margin:8px 0"),
        "lead": _text(25, 32, "ink", f"{_BOLD_SERIF};letter-spacing:-.01em;margin:8px 0 10px"),
        "label": _text(11, 16, "ink2", "font-weight:700;letter-spacing:.06em"),
        "why": _text(13, 26, "ink2"),
        "match": _css(
            f"background:{LIGHT.match};color:{LIGHT.match_ink};border-radius:12px"
            ";display:inline-block;line-height:20px;padding:1px 5px"
        ),
        "link": _text(14, 20, "accent", "font-weight:600"),
        "rate": _text(13, 20, "ink2"),
        "footer": _text(13, 22, "ink2"),
    }
)


def dark_css(within: str = "") -> Markup:
    """Return the rules that make a mail dark, each selector below *within*."""

    def rule(selectors: str, declarations: str) -> str:
        scoped = ",".join(f"{within}{selector}" for selector in selectors.split(","))
        return f"{scoped}{{{declarations}}}"

    def colour(name: str) -> str:
        return f"color:{getattr(DARK, name)}!important"

    def ground(name: str) -> str:
        return f"background:{getattr(DARK, name)}!important"

    # A css-class of MJML sits on the cell, but the colour on a div within: name both.
    return _css(
        "".join(
            (
                rule(".bg" if within else "body,.bg", ground("canvas")),
                rule(".sh,.sh>table", ground("sheet")),
                rule(".t1,.t1 a,.t1 div", colour("ink")),
                rule(".t2,.t2 a,.t2 div", colour("ink2")),
                rule(".ac,.t2 .ac", colour("accent")),
                rule(".ln", f"border-color:{DARK.line}!important"),
                rule(".ru", f"border-color:{DARK.ink2}!important"),
                rule(".cm", f"{ground('match')};{colour('match_ink')}"),
                rule(".bt td,.bt a", f"{ground('accent')};{colour('accent_ink')}"),
            )
        )
    )
