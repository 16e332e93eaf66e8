"""Every pair of colours that text is set in is readable, in the light and in the dark."""

import re
from pathlib import Path

import pytest

import app.pages

STYLES = Path(app.pages.__file__).parent / "console" / "assets" / "base.css"
AA, AAA, CONTROLS = 4.5, 7.0, 3.0
"""The contrasts that WCAG 2.2 asks for: text, text that is read all day, and the borders of what can be used."""
GROUNDS = ("ground", "surface", "sunken")
PAIRS = (
    *(("ink", ground, AAA) for ground in (*GROUNDS, "accent-tint", "bot-tint", "note")),
    *((ink, ground, AA) for ink in ("ink-soft", "ink-faint", "accent-ink") for ground in GROUNDS),
    *((meaning, ground, AA) for meaning in ("waiting", "failed", "done", "bot") for ground in GROUNDS),
    *((meaning, f"{meaning}-tint", AA) for meaning in ("waiting", "failed", "done", "bot")),
    *((ink, tint, AA) for ink in ("ink-soft", "ink-faint") for tint in ("accent-tint", "bot-tint", "note")),
    ("accent-ink", "accent-tint", AA),
    ("on-accent", "accent", AA),
    ("on-accent", "accent-strong", AA),
    ("on-accent", "failed-fill", AA),
    ("rail-ink", "rail-ground", AA),
    *(("edge", ground, CONTROLS) for ground in GROUNDS),
)


def palette(scheme: str) -> dict[str, str]:
    light, dark = STYLES.read_text().split("@media (prefers-color-scheme: dark)")
    colours = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
    return dict(colours.findall(light)) | (dict(colours.findall(dark)) if scheme == "dark" else {})


def contrast(one: str, other: str) -> float:
    """Between 1 and 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(scheme: str) -> None:
    colours = palette(scheme)
    measured = [(ink, ground, contrast(colours[ink], colours[ground]), needed) for ink, ground, needed in PAIRS]
    assert [pair for pair in measured if pair[2] < pair[3]] == []


def test_black_on_white_has_the_highest_contrast() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
