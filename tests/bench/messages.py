"""What viewers send: questions as signed WeChat pushes, plain or encrypted, and the reading of the answers.

Protocol facts: signature = SHA-1 of the sorted token, timestamp and nonce (and cipher text); AES-256-CBC with the key's
first 16 bytes as IV; 16 random bytes, length, body, app id, PKCS#7 to 32 bytes.
"""

import base64
import hashlib
import os
import random
import secrets
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.bench.account import ACCOUNT_ID, AES_KEY, APP_ID, TOKEN

Mode = Literal["plain", "aes"]

VIEWERS = 5_000
"""Viewers of one measurement; the next one has new ones, so nobody comes back from an earlier queue."""

EVERYDAY = (
    "今天几点更新下一集",
    "会员怎么申请退款",
    "看直播老是卡顿怎么办😀",
    "刚充的会员怎么没生效",
    "怎么把手机投屏到电视上看",
    "自动续费在哪里取消",
    "字幕和声音对不上",
    "补偿的会员天数什么时候到账",
)
_TITLE_CHARACTERS = "云河灯火长安归雁星海晚风旧城春山雪夜孤舟青石故园朝露远帆"
_TAILS = "呀呢啊哦吧嘛哈咯呗喔额哎唉嗯诶"

_KEY = base64.b64decode(AES_KEY + "=")
_BLOCK = 32


@dataclass(frozen=True, slots=True)
class Push:
    """One webhook request: the query string of its URL and its body."""

    query: str
    body: bytes


def pushes(count: int, mode: Mode, *, different: bool) -> Iterator[Push]:
    """``count`` pushes, signed now: new viewers, every MsgId new; with ``different`` no two questions alike."""
    viewers = [f"o{secrets.token_urlsafe(20)}" for _ in range(VIEWERS)]
    questions = _unlike() if different else _repeating()
    first_id = time.time_ns()  # beyond all ids of earlier measurements
    for number in range(count):
        yield push(next(questions), random.choice(viewers), first_id + number, mode)


def push(question: str, viewer: str, message_id: int, mode: Mode) -> Push:
    """One text message of ``viewer``, authentic at this moment."""
    timestamp, nonce = str(int(time.time())), str(random.randrange(10**9, 10**10))
    xml = (
        f"<xml><ToUserName><![CDATA[{ACCOUNT_ID}]]></ToUserName><FromUserName><![CDATA[{viewer}]]></FromUserName>"
        f"<CreateTime>{timestamp}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{question}]]></Content><MsgId>{message_id}</MsgId></xml>"
    ).encode()
    query = f"signature={_sign(timestamp, nonce)}&timestamp={timestamp}&nonce={nonce}&openid={viewer}"
    if mode == "plain":
        return Push(query, xml)
    cipher_text = _encrypt(xml)
    query += f"&encrypt_type=aes&msg_signature={_sign(timestamp, nonce, cipher_text)}"
    return Push(query, _envelope(cipher_text))


def read_answer(body: bytes, mode: Mode) -> str | None:
    """The text of a passive reply, ``None`` for a bare acknowledgement. Raises ParseError or ValueError."""
    if body in (b"", b"success"):
        return None
    if mode == "aes":
        body = _decrypt(ElementTree.fromstring(body).findtext("Encrypt") or "")
        if body in (b"", b"success"):
            return None
    text = ElementTree.fromstring(body).findtext("Content")
    if text is None:
        raise ValueError("a reply without Content")
    return text


def _repeating() -> Iterator[str]:
    while True:
        yield random.choice(EVERYDAY)


def _unlike() -> Iterator[str]:
    asked: set[str] = set()
    while True:
        title = "".join(random.sample(_TITLE_CHARACTERS, 3))
        question = f"《{title}》第{random.randint(1, 80)}集{random.choice(EVERYDAY)}{random.choice(_TAILS)}"
        if question not in asked:
            asked.add(question)
            yield question


def _sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted((TOKEN, *parts))).encode()).hexdigest()


def _envelope(cipher_text: str) -> bytes:
    xml = f"<xml><ToUserName><![CDATA[{ACCOUNT_ID}]]></ToUserName><Encrypt><![CDATA[{cipher_text}]]></Encrypt></xml>"
    return xml.encode()


def _cipher() -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(_KEY), modes.CBC(_KEY[:16]))


def _encrypt(xml: bytes) -> str:
    plain = os.urandom(16) + struct.pack("!I", len(xml)) + xml + APP_ID.encode()
    padding = _BLOCK - len(plain) % _BLOCK
    encryptor = _cipher().encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()


def _decrypt(cipher_text: str) -> bytes:
    decryptor = _cipher().decryptor()
    plain = decryptor.update(base64.b64decode(cipher_text)) + decryptor.finalize()
    (length,) = struct.unpack("!I", plain[16:20])
    return plain[20 : 20 + length]
