"""Credentials for whoever shows an account's secret from an address that may."""

import secrets
from collections.abc import Mapping
from typing import Any

from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.calling import Call
from app.simulator.wechat.codes import Refused
from app.simulator.wechat.table import STABLE_TOKEN

Json = dict[str, Any]


def give(accounts: Mapping[str, PlayedAccount], call: Call) -> Json:
    """Of the stable kind, or of the classic one where that is asked."""
    stable = call.api == STABLE_TOKEN
    if call.method != ("POST" if stable else "GET"):
        raise Refused(43002 if stable else 43001)
    asked: Mapping[str, Any] = call.body() if stable else call.query
    account = _authorised(accounts, asked, call)
    account.quotas.count(call.api, call.now)
    credentials = account.credentials
    value, seconds = (
        credentials.stable(call.now, force=asked.get("force_refresh") is True)
        if stable
        else credentials.classic(call.now)
    )
    return {"access_token": value, "expires_in": seconds}


def _authorised(accounts: Mapping[str, PlayedAccount], asked: Mapping[str, Any], call: Call) -> PlayedAccount:
    if asked.get("grant_type") != "client_credential":
        raise Refused(40002)
    account = accounts.get(str(asked.get("appid", "")))
    if account is None:
        raise Refused(40013)
    if account.allowed_ips is not None and call.caller not in account.allowed_ips:
        raise Refused(40164)
    if account.secret_frozen:
        raise Refused(40243)
    if not secrets.compare_digest(str(asked.get("secret", "")).encode(), (account.pushed.app_secret or "").encode()):
        raise Refused(40125)
    return account
