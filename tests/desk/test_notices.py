"""Approved templates of a channel, and what becomes of them in a person's hand."""

from typing import Any

import pytest

from app.agents.rights import Actor
from app.channels import outbound
from app.channels.templates import Template, parse, read_templates
from app.conversations import accounts
from app.db.database import Database
from app.desk import notices
from app.errors import ConfigurationError
from tests.factories import conversations as make
from tests.factories.conversations import KEYRING, NOW, SECRETS, WECHAT

GIVEN = parse("TPL_1", "工单进展", "thing1：问题，time2:时间,thing3")
PROGRESS = Template("TPL_1", "工单进展", (("thing1", "问题"), ("time2", "时间"), ("thing3", "thing3")))


def test_settings_list_templates() -> None:
    assert read_templates({}) == ()
    assert read_templates({"templates": [GIVEN]}) == (PROGRESS,)


@pytest.mark.parametrize(
    "listed",
    [
        "x", [1], [{}], [GIVEN, GIVEN], [GIVEN | {"id": "a b"}], [GIVEN | {"fields": []}], [GIVEN | {"name": " "}],
        [GIVEN | {"fields": [["1x", "问题"]]}], [GIVEN | {"fields": [["thing1", ""]]}], [GIVEN] * 51,
    ],
)  # fmt: skip
def test_wrong_templates_are_refused_with_the_channel(listed: Any) -> None:
    with pytest.raises(ConfigurationError):
        read_templates({"templates": listed})


async def test_a_conversation_has_the_templates_of_its_channel(db: Database, lin: Actor) -> None:
    await db.write(
        accounts.save, platform="wechat", name="main", settings=WECHAT | {"templates": [GIVEN]}, secrets=SECRETS,
        keyring=KEYRING, now=NOW,
    )  # fmt: skip
    (channel,) = await db.read(accounts.list_channels)
    talk = await make.conversation(db, channel.id)
    assert await db.read(notices.list_for, talk, by=lin) == (PROGRESS,)
    assert await db.read(notices.get_template, talk, "TPL_1", by=lin) == PROGRESS
    with pytest.raises(notices.TemplateNotFound):
        await db.read(notices.get_template, talk, "TPL_2", by=lin)
    other = await make.conversation(db, await make.channel(db, "plain"), "openid-2")
    assert await db.read(notices.list_for, other, by=lin) == ()


def test_each_field_is_filled_in() -> None:
    filled = notices.filled(PROGRESS, {"thing1": " 退款 \n进度", "time2": "今天", "thing3": "好", "other": "x"})
    assert filled == outbound.Notice("TPL_1", {"thing1": "退款 进度", "time2": "今天", "thing3": "好"})
    for wrong in ("", "长" * 201):
        with pytest.raises(notices.FieldMissing, match="时间"):
            notices.filled(PROGRESS, {"thing1": "好", "time2": wrong, "thing3": "好"})
