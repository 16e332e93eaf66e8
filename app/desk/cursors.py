"""Where a page of a list ended, as a page can carry it: opaque, and checked when it comes back."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from app.errors import AppError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST = 2**62


class WrongCursor(AppError):
    status_code, message = 422, "这一页的位置无法识别，请从头打开列表"


def write(key: Sequence[int]) -> str:
    return urlsafe_b64encode(json.dumps(list(key), separators=(",", ":")).encode()).decode().rstrip("=")


def read(cursor: str, length: int) -> tuple[int, ...]:
    """WrongCursor for what ``write`` has not made of so many numbers."""
    try:
        key = json.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=="))
    except (ValueError, RecursionError):
        raise WrongCursor from None
    if not isinstance(key, list) or len(key) != length or not all(type(n) is int and abs(n) < _LARGEST for n in key):
        raise WrongCursor
    return tuple(key)


def number(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def moment(of: int) -> datetime:
    """The inverse; WrongCursor beyond the calendar."""
    try:
        return _EPOCH + of * _MICROSECOND
    except OverflowError:
        raise WrongCursor from None
