"""Choices as links in a text: a tap sends the label as the viewer's message, with the id beside it."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from app.channels.outbound import Choice


def linked(text: str, choices: Sequence[Choice]) -> str:
    """The text with each line ``N. label`` of a choice as a link; source: the platform's customer-service messages."""
    lines = text.split("\n")
    for choice in choices:
        for row, line in enumerate(lines):
            if line.endswith(f". {choice.label}"):
                lines[row] = f"{line[: -len(choice.label)]}{_link(choice)}"
                break
    return "\n".join(lines)


def _link(choice: Choice) -> str:
    address = f"weixin://bizmsgmenu?msgmenucontent={quote(choice.label)}&msgmenuid={quote(choice.id)}"
    return f'<a href="{address}">{escape(choice.label, quote=False)}</a>'
