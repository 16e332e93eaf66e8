"""Types by first bytes: the formats that viewers send, and what only looks like one."""

import pytest

from app.storage.sniffing import SHOWN, UNKNOWN, content_type_of

KNOWN = {
    b"\xff\xd8\xff\xe1\x00\x00Exif": "image/jpeg",
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR": "image/png",
    b"GIF89a\x01\x00": "image/gif",
    b"RIFF\x10\x00\x00\x00WEBPVP8 ": "image/webp",
    b"BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00": "image/bmp",
    b"\x00\x00\x00\x18ftypheic": "image/heic",
    b"\x00\x00\x00\x18ftypmif1": "image/heic",
    b"\x00\x00\x00\x20ftypisom": "video/mp4",
    b"\x00\x00\x00\x18ftypmp42": "video/mp4",
    b"\x00\x00\x00\x14ftypqt  ": "video/quicktime",
    b"\x00\x00\x10\x00moov\x00": "video/quicktime",
    b"\x00\x00\x00\x18ftyp3gp4": "video/3gpp",
    b"\x00\x00\x00\x20ftypM4A ": "audio/mp4",
    b"#!AMR\n<": "audio/amr",
    b"\x02#!SILK_V3": "audio/silk",
    b"#!SILK_V3": "audio/silk",
    b"RIFF\x10\x00\x00\x00WAVEfmt ": "audio/wav",
    b"ID3\x04\x00": "audio/mpeg",
    b"\xff\xfb\x90\x64": "audio/mpeg",
    b"\xff\xf3\x40\xc4": "audio/mpeg",
    b"\xff\xf1\x50\x80": "audio/aac",
    b"%PDF-1.7\n": "application/pdf",
}


@pytest.mark.parametrize("start", KNOWN)
def test_a_known_format_is_known(start: bytes) -> None:
    assert content_type_of(start + bytes(64)) == KNOWN[start]


@pytest.mark.parametrize(
    "start",
    [b"", b"<html>", b"<svg xmlns=", b'{"errcode":40007}', b"PK\x03\x04", b"MZ\x90\x00", b"BM or so begins a text",
     b"RIFF\x10\x00\x00\x00AVI ", b"\x00\x00\x00\x18ftypavif", b"\xff\xfe<\x00h\x00", b"\xff\xff\xff\xff", b"\xff",
     b"\xff\xd8", b"GIF88a", "图片".encode()],
)  # fmt: skip
def test_everything_else_is_bytes(start: bytes) -> None:
    assert content_type_of(start) == UNKNOWN


def test_neither_pages_nor_documents_are_shown_in_place() -> None:
    assert {UNKNOWN, "application/pdf", "image/svg+xml", "text/html"}.isdisjoint(SHOWN)
    assert set(KNOWN.values()) | {"audio/amr-wb"} > SHOWN
