"""Words that count wherever they stand, by the shipped knowledge."""

import pytest

from app.dialogue.understand import Brain


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("这日子过得我真的不想活了，看剧都没意思", "self_harm"),
        ("我不想活了", "self_harm"),
        ("我 不 想 活 了……", "self_harm"),
        ("女主第五集要死了吗", None),
        ("笑死我了", None),
        ("这剧虐得我想哭", None),
        ("我女儿偷偷拿我手机充了五百", "minor_payment"),
        ("孩子看的动画片卡", None),
        ("孩子想看动画片，怎么充会员", None),
        ("什么破APP，天天闪退", "insult"),
        ("骗子！还我钱", "insult"),
        ("有骗子冒充你们", "insult"),
    ],
)
def test_flags(brain: Brain, text: str, flag: str | None) -> None:
    found = brain.understand(text).flag
    assert (found.id if found else None) == flag


def test_a_warning_of_a_fraud_is_no_insult_to_us(brain: Brain) -> None:
    understood = brain.understand("验证码已经报给骗子了，怎么办")
    assert understood.first
    assert understood.meant is brain.knowledge.entries["community.impostor"]


@pytest.mark.parametrize("text", ["66666", "第二个", "2", "三", "我选3"])
def test_figures_and_places_in_a_list_ask_nothing_by_themselves(brain: Brain, text: str) -> None:
    assert brain.understand(text).meant is None


def test_small_talk_is_never_offered_as_a_choice(brain: Brain) -> None:
    for text in ("你好会员", "谢谢会员", "再见卡", "嗯那个事"):
        offered = [brain.target(option) for option in brain.understand(text).options]
        assert not [target for target in offered if target.id in ("greeting", "thanks", "goodbye", "praise")]
