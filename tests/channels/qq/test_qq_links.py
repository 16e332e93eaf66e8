"""No address of a domain that is not registered leaves, and what leaves still reads well."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.channels.qq.links import is_registered, linted

OURS = ("example.com", "video.example.cn")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("请看 https://example.com/help?id=3#pay。", "请看 https://example.com/help?id=3#pay。"),
        ("请看 https://www.example.com/a", "请看 https://www.example.com/a"),
        ("请看video.example.cn/x，谢谢", "请看video.example.cn/x，谢谢"),
        ("请看 https://help.other.com/pay?id=3。", "请看 other。"),
        ("请看https://www.other.com.cn谢谢", "请看other谢谢"),
        ("(https://other.net/a)", "(other)"),
        ("“https://other.net”", "“other”"),
        ("打开 www.other.cn, 再登录", "打开 other, 再登录"),
        ("打开other.cn再登录", "打开other再登录"),
        ("先看 HTTPS://OTHER.TV/A 再看 example.com", "先看 other 再看 example.com"),
        ("https://example.com@other.org/x", "other"),
        ("https://example.com.other.org/x", "other"),
        ("notexample.com", "notexample"),
        ("https://other.org:8443/x", "other"),
        ("下载 ftp://files.other.org/a.zip 。", "下载 other 。"),
        ("见 http://192.0.2.7/a 。", "见  。"),
        ("见 http://[2001:db8::1]/a 。", "见  。"),
        ("见 https://例子.com/a 。", "见  。"),
        ("见 例子.com/a 。", "见 例子 。"),
        ("见 https://xn--fsqu00a.com/a", "见 "),
        ("见 http://localhost/a", "见 "),
        ("价格 3.5 元，版本 1.2.3，第5集.mp4", "价格 3.5 元，版本 1.2.3，第5集.mp4"),
        ("-other.com .other.com @other.com", "-other .other @other"),
        ("请发到 service@mail.other.com", "请发到 service@mail.other.com"),
        ("请发到 service@other.com", "请发到 service@other.com"),
        ("例如 e.g. this", "例如 e.g. this"),
        ("没有网址", "没有网址"),
        ("", ""),
    ],
)
def test_addresses_of_others_become_names(text: str, left: str) -> None:
    assert linted(text, OURS) == left


def test_without_a_registered_domain_no_address_is_left() -> None:
    assert linted("https://example.com/a 和 example.com", ()) == "example 和 example"


@pytest.mark.parametrize(
    ("url", "registered"),
    [
        ("https://example.com", True),
        ("https://EXAMPLE.com./x", True),
        ("a.b.example.com", True),
        ("https://badexample.com", False),
        ("https://example.com:99999999/x", True),
        ("https://[bad", False),
        ("https://user@example.com/", False),
        ("https://example.com/@user", True),
        ("", False),
    ],
)
def test_whose_address_it_is(url: str, registered: bool) -> None:
    assert is_registered(url, OURS) is registered


SCHEMES = ["https://", "http://", "HTTPS://", "//", "://", "www.", "https://user@", ":"]
NAMES = ["evil", "example.com", ".com", ".cn", ".co", "com", "co", "x", "1", "例", "谢谢"]
MARKS = [".", "/", "?", "。", " ", "-", "<", '"', ")", "["]
PIECES = st.sampled_from([*SCHEMES, *NAMES, *MARKS])
_BARE = r"(?<![a-z0-9@./?:-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|cn|co)(?![a-z0-9@-])"


@given(st.lists(PIECES, max_size=14).map("".join))
def test_no_address_of_others_is_left(text: str) -> None:
    left = linted(text, OURS)
    foreign = [found for found in re.findall(_BARE, left, re.IGNORECASE) if not is_registered(found, OURS)]
    found = re.findall(r"(?<![\w!#$%&*+./:=?@~-])https?://[\w!#$%&*+./:=?@~-]*", left, re.ASCII | re.IGNORECASE)
    schemes = [address for address in found if not is_registered(address, OURS)]
    assert (foreign, schemes) == ([], [])


@given(st.text(max_size=60))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = linted(text, OURS)
    assert linted(once, OURS) == once
