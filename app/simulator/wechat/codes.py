"""The platform's error codes in its own words; what they mean stands in ``app.channels.wechat.meanings``."""

from types import MappingProxyType
from typing import Any, Final

Json = dict[str, Any]


class Refused(Exception):
    """The platform does not take a call. ``more`` stands beside the code in its answer."""

    def __init__(self, code: int, message: str = "", **more: Any) -> None:
        super().__init__(code)
        self.code, self.message, self.more = code, message, more


WORDS: Final = MappingProxyType(
    {
        0: "ok",
        -1: "system error",
        40001: "invalid credential, access_token is invalid or not latest",
        40002: "invalid grant_type",
        40003: "invalid openid",
        40004: "invalid media type",
        40005: "invalid file type",
        40006: "invalid media size",
        40007: "invalid media_id",
        40008: "invalid message type",
        40009: "invalid image size",
        40013: "invalid appid",
        40014: "invalid access_token",
        40016: "invalid button size",
        40017: "invalid button type",
        40018: "invalid button name size",
        40032: "invalid openid list size",
        40033: "invalid charset. please check your request, if include \\uxxxx will create fail",
        40035: "invalid parameter",
        40037: "invalid template_id",
        40059: "invalid msg id",
        40125: "invalid appsecret",
        40130: "invalid openid list size, at least two openid",
        40164: "invalid ip {ip} ipv6 ::ffff:{ip}, not in whitelist",
        40243: "AppSecret has been frozen",
        41001: "access_token missing",
        41005: "media data missing",
        42001: "access_token expired",
        43001: "require GET method",
        43002: "require POST method",
        43004: "require subscribe",
        43019: "require remove blacklist",
        43101: "user refuse to accept the msg",
        43107: "ban subscribe msg",
        43108: "concurrent sending",
        44002: "empty post data",
        44004: "empty content",
        45001: "media size out of limit",
        45002: "content size out of limit",
        45008: "article size out of limit",
        45009: "reach max api daily quota limit",
        45011: "api minute-quota reach limit must slower retry next minute",
        45015: "response out of time limit or subscription is canceled",
        45028: "has no masssend quota",
        45047: "out of response count limit",
        45056: "too many tags",
        45057: "tag has too many fans",
        45058: "can't modify sys tag",
        45059: "too many tags on this fans",
        45064: "no permission to use weapp in menu",
        45065: "clientmsgid exist",
        45066: "same clientmsgid retry too fast",
        45067: "clientmsgid size out of limit",
        45072: "invalid typing command",
        45080: "no interaction within 30s",
        45081: "already typing",
        45083: "speed out of range",
        45084: "no permission to set speed",
        45157: "invalid tag name",
        45158: "tag name too long",
        45159: "invalid tag id",
        45168: "hit sensitive words",
        46003: "menu no exist",
        47001: "data format error",
        47003: "argument invalid",
        48001: "api unauthorized",
        48002: "user block receive message",
        48003: "user not agree mass-send protocol",
        48004: "api forbidden for irregularities",
        48006: "forbid to clear quota because of reaching the limit",
        48008: "no permission for this msgtype",
        49003: "not match openid with appid",
        50001: "user unauthorized",
        50002: "user limited",
        50005: "user is unsubscribed",
        53501: "publish too frequent",
        65400: "please enable new custom service",
        65401: "invalid custom service account",
        76001: "rid not exist",
        76021: "cgi_path not exist",
        89501: "ip waiting for confirmation",
        89503: "ip needs confirmation",
        89506: "ip refused twice in 24 hours",
        89507: "ip refused within an hour",
    }
)


def answer(code: int, rid: str, caller: str, message: str = "", **more: Any) -> Json:
    """The object that answers with a code; every refusal names the request it belongs to."""
    words = message or WORDS.get(code, f"error {code}").replace("{ip}", caller)
    return {"errcode": code, "errmsg": words if code == 0 else f"{words} rid: {rid}", **more}
