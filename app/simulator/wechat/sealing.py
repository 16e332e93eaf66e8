"""How the platform signs and seals a push. Pure."""

from dataclasses import dataclass

from app.channels.wechat import crypto
from app.channels.wechat.account import Account, Mode
from app.channels.wechat.fields import read, required
from app.simulator.signed import Signed


@dataclass(frozen=True, slots=True)
class Seed:
    """What must be fresh in each request: the Unix time, the nonce, and the random head of an encrypted frame."""

    seconds: int
    nonce: str
    salt: bytes


def seal(account: Account, openid: str, body: bytes, seed: Seed) -> Signed:
    """The request that carries ``body`` in the form that the account's console is set to."""
    times = {"timestamp": str(seed.seconds), "nonce": seed.nonce}
    plain = crypto.sign(account.token, *times.values())
    query = {"signature": plain, **times, "openid": openid}
    if account.mode is Mode.plain:
        return Signed(query, body, ("Token", "timestamp", "nonce"), "signature")
    encrypted = crypto.encrypt(account.ciphers[0], body, account.app_id, seed.salt)
    query |= {
        "encrypt_type": "aes",
        "msg_signature": crypto.sign(account.token, *times.values(), encrypted),
    }
    recipient = required(read(body), "ToUserName")
    envelope = f"<xml><ToUserName><![CDATA[{recipient}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return Signed(query, envelope.encode(), ("Token", "timestamp", "nonce", "Encrypt"), "msg_signature")
