"""How the played platform signs and seals a push, and opens what answers it. Pure.

Signing is done here, on the server, and only for channels that are flagged ``simulated``: of a real account this
process holds the credentials as well, and nobody may speak in the platform's name to it.
"""

import re

from app.channels.base import Refusal
from app.channels.wechat import crypto
from app.channels.wechat.account import Account as WeChatAccount
from app.channels.wechat.account import Mode
from app.channels.wechat.fields import Malformed, read, required
from app.conversations.accounts import Account
from app.simulator.exchanges import BadReply, Reply
from app.simulator.signed import Signed
from app.simulator.wechat import sealing
from app.simulator.wechat.sealing import Seed

_FIELD = re.compile(r"<(\w+)>.*?</\1>", re.DOTALL)


class NotSimulated(Exception):
    """The channel belongs to a real account: the simulator signs nothing for it."""


def seal(account: Account, openid: str, body: bytes, seed: Seed) -> Signed:
    return sealing.seal(_credentials(account), openid, body, seed)


def open_reply(account: Account, openid: str, body: bytes) -> Reply:
    """What the platform makes of the body of a 200, or BadReply."""
    credentials = _credentials(account)
    if body.strip() in (b"", b"success"):
        return Reply(None, body.decode())
    sealed = credentials.mode is not Mode.plain
    plain = _opened(credentials, body) if sealed else body
    try:
        fields = read(plain)
        if required(fields, "ToUserName") != openid:
            raise BadReply("回答的收件人不是这位观众")
        if required(fields, "MsgType") != "text":
            raise BadReply("模拟器只认得文字回答")
        return Reply(required(fields, "Content"), plain.decode(), sealed)
    except Malformed as malformed:
        raise BadReply(f"回答不是微信认得的 XML（{malformed.reason}）") from None


def _opened(credentials: WeChatAccount, body: bytes) -> bytes:
    try:
        fields = read(body)
        encrypted, nonce = required(fields, "Encrypt"), required(fields, "Nonce")
        signature, seconds = required(fields, "MsgSignature"), required(fields, "TimeStamp")
    except Malformed as malformed:
        raise BadReply(f"安全模式下的回答没有加密（{malformed.reason}）") from None
    if not crypto.is_signed(signature, credentials.token, seconds, nonce, encrypted):
        raise BadReply("回答的签名不对")
    try:
        return crypto.decrypt(credentials.ciphers, encrypted, credentials.app_id)
    except Refusal as refusal:
        raise BadReply(f"回答解不开（{refusal.reason}）") from None


def _credentials(account: Account) -> WeChatAccount:
    if not account.simulated:
        raise NotSimulated(account.name)
    credentials = account.credentials
    assert isinstance(credentials, WeChatAccount)
    return credentials


def pretty(body: str) -> str:
    """A push with a line for each field, as people read it; anything else as it is."""
    inner = body.strip().removeprefix("<xml>").removesuffix("</xml>")
    found = [match[0] for match in _FIELD.finditer(inner)]
    if "".join(found) != inner or not found:
        return body
    return "\n".join(("<xml>", *(f"  {field}" for field in found), "</xml>"))
