"""An installation of each engine for every test: a database with a channel, a played platform, real processes."""

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.db.database import Database
from app.db.opening import connect
from app.secrets import Keyring, new_key
from app.settings import Settings
from tests import databases
from tests.databases import Databases
from tests.faults.customer_service import CustomerService, customer_service
from tests.faults.desk import Desk, add_channels
from tests.faults.installation import ENVIRONMENT, Installation, add_channel
from tests.faults.platforms import Platforms
from tests.faults.platforms import platforms as played
from tests.faults.questions import write_knowledge


@pytest.fixture(scope="session")
def keys() -> dict[str, str]:
    return {"SECRET_KEYS": new_key()}


@pytest.fixture(scope="session")
def sqlite_with_channel(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, keys: dict[str, str]) -> Path:
    path = tmp_path_factory.mktemp("faults") / "channel.db"
    shutil.copy(sqlite_template, path)
    add_channel(ENVIRONMENT | keys | {"DATABASE_URL": f"sqlite:///{path}"})
    return path


@pytest.fixture(scope="session")
def postgres_with_channel(postgres_url: str, keys: dict[str, str]) -> Iterator[Databases]:
    asyncio.run(databases.execute(postgres_url, "CREATE DATABASE channel TEMPLATE template"))
    add_channel(ENVIRONMENT | keys | {"DATABASE_URL": databases.address(postgres_url, "channel")})
    with databases.copies(postgres_url, "channel") as copies:
        yield copies


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_with_channel"), tmp_path / "faults.db")
        yield f"sqlite:///{tmp_path / 'faults.db'}"
    else:
        with request.getfixturevalue("postgres_with_channel").fresh() as url:
            yield url


@pytest.fixture
def api() -> Iterator[CustomerService]:
    with customer_service() as server:
        yield server


@pytest.fixture(scope="session")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_knowledge(tmp_path_factory.mktemp("knowledge"))


@pytest.fixture
def installation(
    database_url: str, keys: dict[str, str], knowledge: Path, api: CustomerService, tmp_path: Path
) -> Iterator[Installation]:
    own = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path), "MIGRATE": "never", "WECHAT_API": api.url}
    installation = Installation(tmp_path, ENVIRONMENT | keys | own | {"KNOWLEDGE_DIR": str(knowledge)})
    yield installation
    installation.end()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The same database, seen from the test."""
    opened = connect(Settings(database_url=database_url))
    yield opened
    await opened.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "workers" in metafunc.fixturenames:  # processes that send at the same time
        metafunc.parametrize("workers", [2, 4] if metafunc.config.getoption("--full") else [2])


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether everything is done in the size that ``make faults`` does it in."""
    return bool(request.config.getoption("--full"))


@pytest.fixture
async def platforms() -> AsyncIterator[Platforms]:
    async with played() as platforms:
        yield platforms


@pytest.fixture
async def desk(
    database_url: str, database: Database, keys: dict[str, str], knowledge: Path, platforms: Platforms, tmp_path: Path
) -> AsyncIterator[Desk]:
    own = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path), "MIGRATE": "never", "KNOWLEDGE_DIR": str(knowledge)}
    apis = {"WECHAT_API": platforms.wechat_url, "QQ_API": platforms.qq_url}
    installation = Installation(tmp_path, ENVIRONMENT | keys | own | apis)
    keyring = Keyring([base64.b64decode(keys["SECRET_KEYS"])])
    yield Desk(installation, database, platforms, await add_channels(database, keyring))
    installation.end()
