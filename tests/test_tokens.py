"""Colours are readable in both schemes."""

import pytest

from digest.tokens import DARK, LIGHT, STYLES, Palette, custom_properties, dark_css


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("palette", "least"), [(LIGHT, 6.2), (DARK, 7.8)], ids=["light", "dark"])
def test_text_stands_out_from_what_it_is_on(palette: Palette, least: float) -> None:
    pairs = [
        *(
            (ink, ground)
            for ink in (palette.ink, palette.ink2)
            for ground in (palette.canvas, palette.sheet)
        ),
        (palette.accent, palette.sheet),
        (palette.accent, palette.canvas),
        (palette.ink, palette.chip),
        (palette.accent_ink, palette.accent),
        (palette.match_ink, palette.match),
        (palette.chip_ink, palette.chip),
        (palette.good, palette.sheet),
        (palette.bad, palette.sheet),
        (palette.bad, palette.canvas),
    ]

    assert min(contrast(*pair) for pair in pairs) >= least


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_borders_of_fields_can_be_seen(palette: Palette) -> None:
    assert contrast(palette.field, palette.sheet) >= 3


def test_pages_get_every_colour_as_a_property() -> None:
    assert "--canvas:#f5f3ee" in custom_properties(LIGHT)
    assert "--accent-ink:#1c1a17" in custom_properties(DARK)


def test_styles_fit_into_an_attribute() -> None:
    assert not [name for name, style in STYLES.items() if '"' in style]


def test_dark_rules_can_be_kept_to_a_part_of_the_mail() -> None:
    rules = dark_css("[data-ogsc] ").split("}")

    assert all(rule.startswith("[data-ogsc] ") for rule in rules if rule)
    assert all(",[data-ogsc] " in rule or "," not in rule for rule in rules)
