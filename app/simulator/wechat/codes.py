"""The platform's error codes in its own words, and what they mean in plain Chinese."""

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
        0: ("ok", "收下了"),
        -1: ("system error", "微信繁忙：可能收下了，也可能没有"),
        40001: ("invalid credential, access_token is invalid or not latest", "凭据不对"),
        40002: ("invalid grant_type", "grant_type 不对"),
        40003: ("invalid openid", "没有这个 openid：手机已经重置、收起，或者服务重启过"),
        40004: ("invalid media type", "没有这种文件类别"),
        40005: ("invalid file type", "文件格式不对"),
        40006: ("invalid media size", "文件是空的"),
        40007: ("invalid media_id", "没有这个文件，或者已经过了 3 天"),
        40008: ("invalid message type", "没有这种消息"),
        40009: ("invalid image size", "图片太大"),
        40013: ("invalid appid", "没有这个 AppID"),
        40014: ("invalid access_token", "凭据不合法"),
        40016: ("invalid button size", "菜单按钮的个数不对"),
        40017: ("invalid button type", "没有这种菜单按钮"),
        40018: ("invalid button name size", "菜单名字太长，或者是空的"),
        40032: ("invalid openid list size", "一次只能给 1 到 50 位观众打标签"),
        40033: (
            "invalid charset. please check your request, if include \\uxxxx will create fail",
            "正文里有 \\uXXXX 转义，观众会看到乱码",
        ),
        40035: ("invalid parameter", "参数不对"),
        40037: ("invalid template_id", "没有这个模板"),
        40059: ("invalid msg id", "没有这次群发"),
        40125: ("invalid appsecret", "AppSecret 不对"),
        40130: ("invalid openid list size, at least two openid", "群发名单至少要有两位"),
        40164: ("invalid ip {ip} ipv6 ::ffff:{ip}, not in whitelist", "服务器的 IP 不在白名单里"),
        40243: ("AppSecret has been frozen", "AppSecret 被冻结了"),
        41001: ("access_token missing", "没有带凭据"),
        41005: ("media data missing", "没有带文件"),
        42001: ("access_token expired", "凭据过期"),
        43001: ("require GET method", "这个接口要用 GET"),
        43002: ("require POST method", "这个接口要用 POST"),
        43004: ("require subscribe", "观众已经取消关注"),
        43019: ("require remove blacklist", "观众在黑名单里"),
        43101: ("user refuse to accept the msg", "观众没有订阅这个通知，或者订阅的次数用完了"),
        43107: ("ban subscribe msg", "订阅通知的能力被封禁了"),
        43108: ("concurrent sending", "正在给同一位观众发，请稍后"),
        44002: ("empty post data", "没有正文"),
        44004: ("empty content", "文字是空的"),
        45001: ("media size out of limit", "文件太大"),
        45002: ("content size out of limit", "文字超过 2048 字节"),
        45008: ("article size out of limit", "图文一次只能有一篇"),
        45009: ("reach max api daily quota limit", "这个接口今天的次数用完了"),
        45011: ("api minute-quota reach limit must slower retry next minute", "这一分钟调用太多，请下一分钟再来"),
        45015: ("response out of time limit or subscription is canceled", "离观众上次来消息超过了 48 小时"),
        45028: ("has no masssend quota", "群发的次数用完了"),
        45047: ("out of response count limit", "观众没有再来消息，客服消息的条数用完了"),
        45056: ("too many tags", "标签太多"),
        45057: ("tag has too many fans", "标签下的观众太多"),
        45058: ("can't modify sys tag", "系统标签不能改"),
        45059: ("too many tags on this fans", "一位观众最多 20 个标签"),
        45064: ("no permission to use weapp in menu", "小程序没有和公众号关联"),
        45065: ("clientmsgid exist", "这个 clientmsgid 已经群发过：就是那一次"),
        45066: ("same clientmsgid retry too fast", "同一个 clientmsgid 重试太快，请隔一分钟"),
        45067: ("clientmsgid size out of limit", "clientmsgid 太长"),
        45072: ("invalid typing command", "没有这个输入状态"),
        45080: ("no interaction within 30s", "30 秒内没有和观众互动"),
        45081: ("already typing", "已经在显示“正在输入”"),
        45083: ("speed out of range", "群发速度只有 0 到 4"),
        45084: ("no permission to set speed", "没有设置群发速度的权限"),
        45157: ("invalid tag name", "标签名字是空的，或者已经有了"),
        45158: ("tag name too long", "标签名字太长"),
        45159: ("invalid tag id", "没有这个标签"),
        45168: ("hit sensitive words", "内容有敏感词"),
        46003: ("menu no exist", "还没有菜单"),
        47001: ("data format error", "正文不是 JSON"),
        47003: ("argument invalid", "模板的字段不对"),
        48001: ("api unauthorized", "公众号没有这个接口的权限：未认证的订阅号没有客服消息接口"),
        48002: ("user block receive message", "观众关了接收消息"),
        48003: ("user not agree mass-send protocol", "还没有同意群发协议"),
        48004: ("api forbidden for irregularities", "接口因违规被封禁了"),
        48006: ("forbid to clear quota because of reaching the limit", "这个月清零的次数用完了"),
        48008: ("no permission for this msgtype", "没有发这种消息的权限"),
        49003: ("not match openid with appid", "openid 不是这个公众号的"),
        50001: ("user unauthorized", "公众号没有授权"),
        50002: ("user limited", "公众号受限，可能违规"),
        50005: ("user is unsubscribed", "观众没有关注"),
        53501: ("publish too frequent", "发布太频繁"),
        65400: ("please enable new custom service", "没有开通客服功能"),
        65401: ("invalid custom service account", "没有这个客服账号"),
        76001: ("rid not exist", "没有这次请求的记录"),
        76021: ("cgi_path not exist", "没有这个接口"),
        89501: ("ip waiting for confirmation", "这个 IP 在等管理员确认"),
        89503: ("ip needs confirmation", "这个 IP 需要管理员确认"),
        89506: ("ip refused twice in 24 hours", "管理员 24 小时内拒绝了这个 IP 两次"),
        89507: ("ip refused within an hour", "管理员 1 小时内拒绝了这个 IP"),
    }
)


def meaning(code: int) -> str:
    return WORDS.get(code, ("", "微信没有收，错误码见上"))[1]


def answer(code: int, rid: str, caller: str, message: str = "", **more: Any) -> Json:
    """The object that answers with a code; every refusal names the request it belongs to."""
    words = message or WORDS.get(code, (f"error {code}", ""))[0].replace("{ip}", caller)
    return {"errcode": code, "errmsg": words if code == 0 else f"{words} rid: {rid}", **more}
