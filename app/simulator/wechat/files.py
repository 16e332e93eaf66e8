"""The files that an account has with the platform: its own uploads and what viewers sent."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from app.channels.wechat.limits import MEDIA_LIVES
from app.simulator.wechat.codes import Refused

KEPT_BYTES = 64 * 1024 * 1024
"""Contents of one account together; the oldest go first, as if expired."""
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_FIELD = re.compile(r'\bname="([^"]*)"')
_FILE = re.compile(r'\bfilename="([^"]*)"')


class Part(NamedTuple):
    filename: str | None
    content_type: str
    content: bytes


class File(NamedTuple):
    kind: str
    name: str
    content_type: str
    content: bytes
    stored_at: datetime
    permanent: bool


@dataclass(slots=True)
class Files:
    _files: dict[str, File] = field(default_factory=dict, repr=False)

    def put(self, file: File, media_id: str = "") -> str:
        """Its id: the one given, or one that the platform makes up."""
        media_id = media_id or f"MEDIA_{secrets.token_urlsafe(24)}"
        self._files[media_id] = file
        excess = sum(len(kept.content) for kept in self._files.values()) - KEPT_BYTES
        for old in list(self._files):
            if excess <= 0:
                break
            excess -= len(self._files.pop(old).content)
        return media_id

    def get(self, media_id: str, now: datetime, *kinds: str) -> File:
        """Refused (40007) for one that is not there, of another kind, or too old."""
        file = self._files.get(media_id)
        if file is None or (kinds and file.kind not in kinds):
            raise Refused(40007)
        if not file.permanent and now - file.stored_at >= MEDIA_LIVES:
            raise Refused(40007)
        return file

    def permanent(self, media_id: str, now: datetime, *kinds: str) -> File:
        file = self.get(media_id, now, *kinds)
        if not file.permanent:
            raise Refused(40007)
        return file

    def delete(self, media_id: str, now: datetime) -> None:
        self.permanent(media_id, now)
        del self._files[media_id]

    def forget(self, media_id: str) -> None:
        """As if three days had passed for this one."""
        self._files.pop(media_id, None)


def parts(body: bytes, content_type: str) -> dict[str, Part]:
    """The fields of a multipart form by name; none where it is no such form."""
    found = _BOUNDARY.search(content_type)
    if not content_type.startswith("multipart/form-data") or found is None:
        return {}
    read: dict[str, Part] = {}
    for piece in (b"\r\n" + body).split(b"\r\n--" + found[1].encode())[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        told = head.decode("utf-8", "replace")
        name, file = _FIELD.search(told), _FILE.search(told)
        kind = next((line for line in told.split("\r\n") if line.lower().startswith("content-type:")), ":")
        if name is not None:
            read[name[1]] = Part(file[1] if file else None, kind.partition(":")[2].strip(), content)
    return read
