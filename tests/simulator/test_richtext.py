"""Links in an account's text, as the platform's phone shows them."""

from app.simulator.richtext import Part, parts


def test_text_without_links_is_text() -> None:
    assert parts("第一行\n<b>粗</b> & 1 < 2 <a") == [Part("第一行\n<b>粗</b> & 1 < 2 <a")]


def test_a_menu_link_is_tapped_and_says_its_content() -> None:
    text = (
        '选一个：<a href="weixin://bizmsgmenu?msgmenucontent=%E9%80%80%E6%AC%BE&amp;msgmenuid=q7-1">1. 会员退款</a>。'
    )
    assert parts(text) == [Part("选一个："), Part("1. 会员退款", tap="退款", menu_id="q7-1"), Part("。")]


def test_a_menu_link_with_bare_chinese() -> None:
    text = '<a href="weixin://bizmsgmenu?msgmenucontent=转人工&msgmenuid=9">转人工</a>'
    assert parts(text) == [Part("转人工", tap="转人工", menu_id="9")]


def test_a_web_link_shows_its_address_and_others_are_text() -> None:
    assert parts('<a href="https://example.com/?a=1&amp;b=2">看片</a>') == [
        Part("看片", address="https://example.com/?a=1&b=2")
    ]
    assert parts('<a href="javascript:alert(1)">点我</a>') == [Part("点我")]
    assert parts("<a class='x' href='http://example.com'>看</a>") == [Part("看", address="http://example.com")]
