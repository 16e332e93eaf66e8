"""How the played platform says that it does not take a call."""

from typing import Any

from app.channels.wechat.meanings import WORDS

Json = dict[str, Any]


class Refused(Exception):
    """The platform does not take a call. ``more`` stands beside the code in its answer."""

    def __init__(self, code: int, message: str = "", **more: Any) -> None:
        super().__init__(code)
        self.code, self.message, self.more = code, message, more


def answer(code: int, rid: str, caller: str, message: str = "", **more: Any) -> Json:
    """The object that answers with a code; every refusal names the request it belongs to."""
    words = message or WORDS.get(code, (f"error {code}", ""))[0].replace("{ip}", caller)
    return {"errcode": code, "errmsg": words if code == 0 else f"{words} rid: {rid}", **more}
