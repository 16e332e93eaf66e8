"""Files to be stored, and what a storage kept of them."""

from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path

from app.settings import Settings
from app.storage.storage import Storage
from tests.fakes import s3

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"picture " * 20
MEGA = 1 << 20


async def pieces(content: bytes, length: int = 100_000) -> AsyncIterator[bytes]:
    for at in range(0, len(content), length):
        yield content[at : at + length]


async def broken(content: bytes, error: Exception) -> AsyncIterator[bytes]:
    """So much comes, then it breaks off."""
    yield content
    raise error


async def content_of(storage: Storage, key: str) -> bytes:
    async with storage.open(key) as opened:
        return b"".join([chunk async for chunk in opened.chunks])


def s3_settings(data_dir: Path, url: str, **more: object) -> Settings:
    """For a bucket of the fake, under the prefix ``desk``."""
    given: dict[str, object] = {
        "data_dir": data_dir, "storage_url": f"s3://{s3.NAME}/desk", "s3_endpoint": url, "s3_region": s3.REGION,
        "s3_access_key": s3.ACCESS_KEY, "s3_secret_key": s3.SECRET_KEY,
    }  # fmt: skip
    return Settings.model_validate(given | more)


class Shelf(MutableMapping[str, bytes]):
    """The files of a folder, by their paths in it; drafts are none."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __getitem__(self, key: str) -> bytes:
        return (self.root / key).read_bytes()

    def __setitem__(self, key: str, content: bytes) -> None:
        (self.root / key).write_bytes(content)

    def __delitem__(self, key: str) -> None:
        (self.root / key).unlink()

    def __iter__(self) -> Iterator[str]:
        return (str(path.relative_to(self.root)) for path in self.root.glob("??/*"))

    def __len__(self) -> int:
        return len(list(iter(self)))
