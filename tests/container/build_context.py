"""What of a folder reaches the container engine, by the rules of .dockerignore."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath


class Ignored:
    """The last rule that fits a path or one of its folders decides; ``!`` in front of a rule takes a path in again."""

    def __init__(self, lines: Iterable[str]) -> None:
        rules = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        self._rules = [(not rule.startswith("!"), _compile(rule.lstrip("!"))) for rule in rules]

    def __contains__(self, path: str) -> bool:
        places = [str(place) for place in (PurePosixPath(path), *PurePosixPath(path).parents)]
        fitting = [ignores for ignores, rule in self._rules if any(rule.fullmatch(place) for place in places)]
        return bool(fitting) and fitting[-1]


def _compile(rule: str) -> re.Pattern[str]:
    pieces = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", rule.strip("/"))
    return re.compile("".join(pieces.get(part, re.escape(part)) for part in parts))
