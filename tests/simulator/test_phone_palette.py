"""What stands on a phone is readable, in the light and in the dark."""

import re
from pathlib import Path

import pytest

from tests.test_palette import AA, AAA, STYLES, contrast

PHONE = STYLES.parent / "simulator" / "phone.css"
APPS = (PHONE, PHONE.with_name("qq.css"))
GROUNDS = ("chat-ground", "theirs", "panel")
PAIRS = (
    *(("chat-ink", ground, AAA) for ground in GROUNDS),
    ("mine-ink", "mine", AA),
    *((ink, ground, AA) for ink in ("chat-faint", "tap") for ground in GROUNDS),
    ("send-ink", "send", AA),
    *((ink, "chat-bar", AA) for ink in ("chat-ink", "chat-faint", "tap")),
    ("chat-ink", "chat-line", AA),
)


def palette(scheme: str, app: Path) -> dict[str, str]:
    light, dark = app.read_text().split("@media (prefers-color-scheme: dark)")
    colours = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
    return dict(colours.findall(light)) | (dict(colours.findall(dark)) if scheme == "dark" else {})


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.stem)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phones_text_stands_out(scheme: str, app: Path) -> None:
    colours = palette(scheme, app)
    measured = [(ink, ground, contrast(colours[ink], colours[ground]), needed) for ink, ground, needed in PAIRS]
    assert [pair for pair in measured if pair[2] < pair[3]] == []


def test_the_letter_in_an_avatar_can_be_read() -> None:
    stage = (PHONE.parent / "stage.css").read_text()
    hues = re.findall(r"\.hue\d \{ background: (#[0-9a-f]{6}); \}", stage)
    assert len(hues) == 6
    assert [hue for hue in hues if contrast("#ffffff", hue) < AA] == []
