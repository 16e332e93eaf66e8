"""What a file is, by its first bytes: what its sender says of it is never believed.

Only formats that viewers send are known. Everything else is ``application/octet-stream``, which a page must hand out as
a download and never show.
"""

from collections.abc import Mapping
from typing import Final

UNKNOWN: Final = "application/octet-stream"
ENOUGH: Final = 64
"""Bytes of the beginning that suffice to tell."""

_STARTS: Final[Mapping[bytes, str]] = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"#!AMR\n": "audio/amr",
    b"#!AMR-WB\n": "audio/amr-wb",
    b"#!SILK_V3": "audio/silk",
    b"\x02#!SILK_V3": "audio/silk",  # as Tencent's clients write it
    b"ID3": "audio/mpeg",
    b"%PDF-": "application/pdf",
}
_RIFF: Final[Mapping[bytes, str]] = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_BRANDS: Final[Mapping[bytes, str]] = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), "image/heic"),
    **dict.fromkeys((b"M4A ", b"M4B "), "audio/mp4"),
    **dict.fromkeys((b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1"), "video/mp4"),
    **dict.fromkeys((b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"dash"), "video/mp4"),
    b"qt  ": "video/quicktime",
}
_BITMAP_HEADERS: Final = (12, 40, 52, 56, 64, 108, 124)

SHOWN: Final = frozenset(
    {
        *("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/heic"),
        *("video/mp4", "video/quicktime", "video/3gpp"),
        *("audio/amr", "audio/amr-wb", "audio/silk", "audio/mpeg", "audio/aac", "audio/mp4", "audio/wav"),
    }
)
"""Types that a page may show in place: none of them holds scripts. All others, PDF too, are downloads alone; and with
each answer goes ``X-Content-Type-Options: nosniff``."""


def content_type_of(start: bytes) -> str:
    """The MIME type of a file that begins so; ``ENOUGH`` bytes, or the whole file where it is shorter."""
    for mark, content_type in _STARTS.items():
        if start.startswith(mark):
            return content_type
    if start[:4] == b"RIFF":
        return _RIFF.get(start[8:12], UNKNOWN)
    if start[4:8] == b"ftyp":
        return "video/3gpp" if start[8:11] == b"3gp" else _BRANDS.get(start[8:12], UNKNOWN)
    if start[4:8] in (b"moov", b"mdat", b"wide"):
        return "video/quicktime"  # as cameras wrote it before files told their brand
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _BITMAP_HEADERS:
        return "image/bmp"
    return _frame(start[:3])


def _frame(head: bytes) -> str:
    """Sound without a header of its own: a frame of MPEG layer III or of AAC (ADTS)."""
    if len(head) < 3 or head[0] != 0xFF:
        return UNKNOWN
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    is_layer_3 = head[1] & 0xE6 == 0xE2 and head[1] >> 3 & 3 != 1
    return "audio/mpeg" if is_layer_3 and head[2] >> 4 != 15 and head[2] >> 2 & 3 != 3 else UNKNOWN
