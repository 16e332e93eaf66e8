"""Files that can be sent: real ones, small, so that what fetches, stores and uploads them does its whole work."""

import struct
import wave
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from app.channels.content import File, Image, Video, Voice
from app.simulator.deeds import Deed
from app.simulator.qq.world import World

PICTURES: Final = Path(__file__).parent / "pictures"
DOCUMENT: Final = "订单明细.pdf"
_RATE, _SECONDS = 8000, 1


@cache
def picture_bytes(name: str) -> bytes:
    """One of the drawings as a PNG."""
    return (PICTURES / f"{name}.png").read_bytes()


@cache
def recording() -> bytes:
    """A second of silence."""
    kept = BytesIO()
    with wave.open(kept, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(bytes(2 * _RATE * _SECONDS))
    return kept.getvalue()


@cache
def film() -> bytes:
    """The head of an MP4: nobody plays it."""
    return struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"isom", 512, b"isom", b"mp41") + struct.pack(">I4s", 8, b"mdat")


@cache
def document() -> bytes:
    return b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n%%EOF\n"


def attachment(deed: Deed, world: World) -> dict[str, Any]:
    """A file as a QQ push names it, left where the service fetches it; ValueError for what is none."""
    match deed:
        case Image(media_id=media_id):
            name = media_id.removeprefix("media-")
            kind, file, content = "image/png", f"{name}.png", picture_bytes(name)
        case Voice(recognition=heard):
            kind, file, content = "voice", "voice.silk", recording()
            return _left(world, kind, file, content, "audio/wav") | {"asr_refer_text": heard or ""}
        case Video():
            kind, file, content = "video/mp4", "video.mp4", film()
        case File(name=named):
            kind, file, content = "file", named, document()
        case _:
            raise ValueError(f"no file: {deed.kind}")
    return _left(world, kind, file, content, "application/pdf" if kind == "file" else kind)


def _left(world: World, kind: str, file: str, content: bytes, content_type: str) -> dict[str, Any]:
    name = f"left-{world.number():04}"
    world.left[name] = (content_type, content)
    url = f"{world.address}/left/{name}"
    more = {"voice_wav_url": url} if kind == "voice" else {}
    return {"content_type": kind, "filename": file, "size": len(content), "url": url, **more}
