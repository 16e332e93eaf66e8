"""Passwords: which are good enough, and how they are kept (Argon2id)."""

from base64 import b64encode
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import AppError

SHORTEST, LONGEST = 10, 256
_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
"""RFC 9106's choice for 64 MiB, on one core instead of four: two at a time are hashed beside those who answer."""
_PRODUCT = ("viewerdesk", "viewer-desk", "viewer desk", "观众服务台", "demo-desk")
_LISTED = """
    1234567890 0123456789 0987654321 9876543210 1234567891 12345678910 123456789a 1234567890a a123456789 1111111111
    0000000000 1212121212 1122334455 1234512345 1231231231 123123123123 1234554321 6666666666 8888888888 9999999999
    qwertyuiop qwerty1234 qwerty12345 qwerty123456 1q2w3e4r5t 1qaz2wsx3edc q1w2e3r4t5 asdfghjkl1 asdfghjkl; zxcvbnm123
    password12 password123 password1234 passw0rd123 p@ssw0rd123 p@ssword123 admin12345 admin123456 adminadmin
    administrator welcome123 iloveyou123 iloveyou1314 woaini1314 woaini5201314 woaini520 5201314520 1314520520
    abcdefghij abcd123456 abc1234567 abc123456789 aa12345678 aa123456789 qq123456789 zz123456789 changeme123
    letmein123 football123 baseball123 superman123 starwars123 dragon12345 monkey12345 sunshine123 princess123
"""
_COMMON = frozenset(_LISTED.split())


class PasswordTooWeak(AppError):
    status_code, message = 422, f"密码为 {SHORTEST} 到 {LONGEST} 个字符"


def check_strength(password: str, login: str, name: str) -> None:
    """PasswordTooWeak, with what is wrong as its sentence."""
    folded = password.strip().casefold()
    if not SHORTEST <= len(password) <= LONGEST or len(folded) < SHORTEST:
        raise PasswordTooWeak
    if len(set(folded)) < 4:
        raise PasswordTooWeak("密码里重复的字符太多，请换一个")
    if folded in _COMMON or folded in _PRODUCT:
        raise PasswordTooWeak("这是最常见的密码之一，请换一个")
    bare = folded.strip("0123456789!@#.-_ ")
    if bare and bare in (login.casefold(), name.casefold(), *_PRODUCT):
        raise PasswordTooWeak("密码不能是登录名、姓名或产品名，加上数字也不行")


def hash_password(password: str) -> str:
    """Takes some 0.2 s and 64 MiB: in a server only by ``hashing``."""
    return _hasher.hash(password)


def verify(hashed: str | None, password: str) -> bool:
    """None, for an account that has no password or is not there, takes as long and fits nothing."""
    try:
        fits = _hasher.verify(hashed or _dummy(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return fits and hashed is not None and len(password) <= LONGEST


def needs_rehash(hashed: str) -> bool:
    return _hasher.check_needs_rehash(hashed)


@cache
def _dummy() -> str:
    """With the same cost as a real one; nobody knows what it is of."""
    salt, hashed = b"viewer desk none", b"viewer desk: no password has it!"
    encoded = "$".join(b64encode(part).decode().rstrip("=") for part in (salt, hashed))
    return f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}${encoded}"
