"""From settings to the storage they name."""

from app.secrets import Keyring
from app.settings import Settings
from app.storage.engine import Engine
from app.storage.folder import Folder
from app.storage.storage import Storage


def open_storage(settings: Settings, keyring: Keyring) -> Storage:
    """Talks to nobody yet."""
    root = settings.data_dir / "files"
    return Storage(_engine(settings), root / "drafts", keyring)


def _engine(settings: Settings) -> Engine:
    if not settings.storage_url:
        return Folder(settings.data_dir / "files")
    from app.storage.bucket import Bucket  # its library takes 12 MB that a folder does not need

    return Bucket(settings)
