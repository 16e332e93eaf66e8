"""Hashing beside the event loop: two at a time, as each takes a core and 64 MiB."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from app.agents import passwords
from app.errors import AppError

T = TypeVar("T")
AT_ONCE = 2
MOST = 50
"""That may be under way or wait: whoever came behind them would wait for five seconds and more."""
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hashing")
_under_way = 0


class TooBusy(AppError):
    status_code, message = 503, "正在登录的人太多，请过几秒再试"


async def hash_password(password: str) -> str:
    """TooBusy."""
    return await _run(lambda: passwords.hash_password(password))


async def verify(hashed: str | None, password: str) -> bool:
    """TooBusy."""
    return await _run(lambda: passwords.verify(hashed, password))


async def _run(work: Callable[[], T]) -> T:
    global _under_way  # of the whole process, as the threads are
    if _under_way >= MOST:
        raise TooBusy
    _under_way += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _under_way -= 1
