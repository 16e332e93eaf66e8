"""A push as it leaves: what every platform's signing comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Signed:
    """A push ready to be sent."""

    query: Mapping[str, str]
    body: bytes
    covers: tuple[str, ...]
    """Names of what the deciding signature was made of, in words."""
    signature_name: str
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml; charset=utf-8"})
