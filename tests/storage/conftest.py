"""A storage of each engine in turn, and what lies in it as the engine keeps it."""

from collections.abc import AsyncIterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.secrets import Keyring
from app.settings import Settings
from app.storage.opening import open_storage
from app.storage.storage import Storage
from tests.factories.conversations import KEYRING
from tests.factories.storing import Shelf, s3_settings
from tests.fakes import s3


@dataclass(frozen=True, slots=True)
class Place:
    """A storage, and the means to look behind it."""

    storage: Storage
    settings: Settings
    raw: MutableMapping[str, bytes]
    """Sealed files by key."""

    def with_keys(self, keyring: Keyring) -> Storage:
        return open_storage(self.settings, keyring)

    def drafts(self) -> list[Path]:
        return list((self.settings.data_dir / "files" / "drafts").glob("*"))


@pytest.fixture
async def bucket() -> AsyncIterator[s3.Bucket]:
    async with s3.running() as bucket:
        yield bucket


@pytest.fixture
def folder_place(tmp_path: Path) -> Place:
    settings = Settings(data_dir=tmp_path)
    return Place(open_storage(settings, KEYRING), settings, Shelf(tmp_path / "files"))


@pytest.fixture
def bucket_place(tmp_path: Path, bucket: s3.Bucket) -> Place:
    settings = s3_settings(tmp_path, bucket.url)
    return Place(open_storage(settings, KEYRING), settings, bucket.objects)


@pytest.fixture(params=["folder_place", "bucket_place"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def storage(place: Place) -> Storage:
    return place.storage
