"""What the platform tells of an account's use of it."""

from typing import Any

from app.channels.delivery import Rate
from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.calling import Call, Content
from app.simulator.wechat.codes import Refused
from app.simulator.wechat.paths import api_of

Json = dict[str, Any]
UNLIMITED = 1_000_000_000


def clear_quota(account: PlayedAccount, call: Call) -> Json:
    if call.body().get("appid") != account.app_id:
        raise Refused(40013)
    account.quotas.clear(call.now)
    return {}


def get_quota(account: PlayedAccount, call: Call) -> Json:
    path = str(call.body().get("cgi_path", ""))
    if not path.startswith("/cgi-bin/"):
        raise Refused(76021)
    api = api_of(path)
    limit = account.quotas.rates.get(api, Rate()).per_day or UNLIMITED
    used = account.quotas.used(api, call.now)
    return {"quota": {"daily_limit": limit, "used": used, "remain": limit - used}}


def get_addresses(_account: PlayedAccount, _call: Call) -> Json | Content:
    return {"ip_list": ["203.0.113.1", "198.51.100.0/24"]}
