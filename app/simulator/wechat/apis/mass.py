"""Mass sends: jobs with a key, that end on command or by themselves."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from app.agents.calendars import BEIJING
from app.channels.wechat.limits import MASS_KEY_LENGTH, MASS_KEY_LIVES
from app.simulator.wechat import bodies
from app.simulator.wechat.accounts import Kind, PlayedAccount
from app.simulator.wechat.apis.chat import check_text
from app.simulator.wechat.calling import Call, inner, texts
from app.simulator.wechat.codes import Refused
from app.simulator.wechat.contacts import Arrival, Contact
from app.simulator.wechat.jobs import JobState, MassJob
from app.simulator.wechat.quotas import day

Json = dict[str, Any]
FOR_EACH: Final = 4
"""Mass messages that a follower gets from a service account in a month."""
CONFIRMED_WITHIN = timedelta(minutes=30)
_FIRST_ID, _FIRST_DATA_ID = 1_000_000_000, 2_247_480_000
_DELETABLE = frozenset({"mpnews", "mpvideo"})
_REAL_SPEEDS = (80, 60, 45, 30, 10)
"""Ten thousands a minute."""


def send_all(account: PlayedAccount, call: Call) -> Json:
    account.may()
    body = call.body(literal=True)
    wanted = inner(body, "filter")
    tag = wanted.get("tag_id")
    tag = tag if isinstance(tag, int) else None
    if wanted.get("is_to_all") is not True and tag not in account.tags:
        raise Refused(45159)
    if account.kind is Kind.subscription and any(day(job.at) == day(call.now) for job in account.jobs.values()):
        raise Refused(45028)
    everybody = wanted.get("is_to_all") is True
    return _submit(account, call, body, [c for c in account.contacts.values() if everybody or tag in c.tags])


def send_list(account: PlayedAccount, call: Call) -> Json:
    account.may(service=True)
    body = call.body(literal=True)
    openids = texts(body.get("touser"))
    if openids is None or not 2 <= len(openids) <= 10_000:
        raise Refused(40130)
    return _submit(account, call, body, [account.contact(openid, call.now) for openid in dict.fromkeys(openids)])


def preview(account: PlayedAccount, call: Call) -> Json:
    """To one phone; a WeChat name is none that we know, and is taken."""
    account.may()
    body = call.body(literal=True)
    kind, content = _content(account, call, body)
    if "towxname" not in body:
        contact = account.contact(body.get("touser"), call.now)
        contact.phone.append(Arrival(call.now, call.api, kind, content))
    return {}


def get(account: PlayedAccount, call: Call) -> Json:
    job = _job(account, call)
    return {"msg_id": job.id, "msg_status": job.state.words}


def delete(account: PlayedAccount, call: Call) -> Json:
    job = _job(account, call)
    if job.kind not in _DELETABLE:
        raise Refused(40008)
    job.state = JobState.deleted
    return {}


def get_speed(account: PlayedAccount, _call: Call) -> Json:
    return {"speed": account.speed, "realspeed": _REAL_SPEEDS[account.speed]}


def set_speed(account: PlayedAccount, call: Call) -> Json:
    speed = call.body().get("speed")
    if not isinstance(speed, int) or speed not in range(len(_REAL_SPEEDS)):
        raise Refused(45083)
    account.speed = speed
    return {}


def finish(account: PlayedAccount, job: MassJob, now: datetime, status: str = "send success") -> None:
    """The job ends: it reaches phones where it went well, and the event waits to be pushed.

    ``status`` otherwise: ``send fail`` or ``err(10001)`` with one of the platform's reasons.
    """
    job.status = status
    reached = [c for openid in job.openids if (c := account.contacts.get(openid)) and _reachable(account, c, now)]
    job.filtered = len(reached)
    if status == "send success":
        job.state, job.sent = JobState.sent, len(reached)
        for contact in reached:
            contact.mass_received[_month(now)] += 1
            contact.phone.append(Arrival(job.at, job.api, job.kind, job.content, job.key))
    else:
        job.state, job.failed = JobState.failed, len(reached)
    account.events.append(bodies.mass_finished(account.original_id, job, now))


def pass_time(account: PlayedAccount, now: datetime) -> None:
    """What the administrator did not confirm in time is cancelled."""
    for job in account.jobs.values():
        if job.state is JobState.waiting and now - job.at >= CONFIRMED_WITHIN:
            finish(account, job, now, "err(40002)")


def _submit(account: PlayedAccount, call: Call, body: Json, contacts: Iterable[Contact]) -> Json:
    kind, content = _content(account, call, body)
    key = str(body.get("clientmsgid", ""))
    _refuse_repeated(account, key, call)
    number = next(account.numbers)
    job = MassJob(
        _FIRST_ID + number, _FIRST_DATA_ID + number, call.api, key, kind, content,
        tuple(contact.openid for contact in contacts), call.now,
        JobState.waiting if account.protected else JobState.sending,
    )  # fmt: skip
    account.jobs[job.id] = job
    if account.automatic and not account.protected:
        finish(account, job, call.now)
    return {"errmsg": "send job submission success", "msg_id": job.id, "msg_data_id": job.data_id}


def _refuse_repeated(account: PlayedAccount, key: str, call: Call) -> None:
    if len(key) > MASS_KEY_LENGTH:
        raise Refused(45067)
    if not key:
        return
    tried, account.mass_tried[key] = account.mass_tried.get(key), call.now
    if tried is not None and call.now - tried < timedelta(minutes=1):
        raise Refused(45066)
    for job in account.jobs.values():
        if job.key == key and call.now - job.at < MASS_KEY_LIVES:
            raise Refused(45065, msg_id=job.id, msg_data_id=job.data_id)


def _content(account: PlayedAccount, call: Call, body: Json) -> tuple[str, Json]:
    kind = str(body.get("msgtype", ""))
    content = inner(body, kind)
    media_id = str(content.get("media_id", ""))
    match kind:
        case "text":
            check_text(account, content, call)
        case "mpnews":
            if media_id not in account.drafts:
                raise Refused(40007)
        case "images":
            for one in texts(content.get("media_ids")) or [""]:
                account.files.get(one, call.now, "image")
        case "voice":
            account.files.get(media_id, call.now, "voice")
        case "mpvideo":
            account.files.get(media_id, call.now, "video")
        case _:
            raise Refused(40008)
    return kind, content


def _reachable(account: PlayedAccount, contact: Contact, now: datetime) -> bool:
    full = account.kind is Kind.service and contact.mass_received[_month(now)] >= FOR_EACH
    return contact.following and not contact.blacklisted and not contact.refuses and not full


def _month(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m}"


def _job(account: PlayedAccount, call: Call) -> MassJob:
    wanted = str(call.body().get("msg_id", ""))
    job = account.jobs.get(int(wanted)) if wanted.isascii() and wanted.isdigit() else None
    if job is None:
        raise Refused(40059)
    return job
