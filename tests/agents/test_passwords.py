"""Which passwords are good enough, and what it costs to try one."""

from time import thread_time

import pytest

from app.agents import passwords
from app.agents.passwords import PasswordTooWeak, check_strength, hash_password, needs_rehash, verify
from tests.factories.people import hash_of


@pytest.mark.parametrize(
    "weak",
    ["", "short1234", "x" * 257, "1234567890", "Password123", "qwertyuiop", "aaaaaaaaaa", "abababababab",
     "linxiaoman", "LinXiaoMan2026", "viewerdesk", "ViewerDesk2026!", "观众服务台观众服务台"[:5] + "123456", " " * 12],
)  # fmt: skip
def test_weak_ones_are_refused(weak: str) -> None:
    with pytest.raises(PasswordTooWeak):
        check_strength(weak, "linxiaoman", "林小满")


@pytest.mark.parametrize(
    "good", ["correct horse battery", "linxiaoman likes tea", "灯市口旧事第一季全部看完", "x8#kQ2!mZ9"]
)
def test_others_are_taken(good: str) -> None:
    check_strength(good, "linxiaoman", "林小满")


def test_a_hash_fits_its_password_alone() -> None:
    hashed = hash_password("correct horse battery")
    assert verify(hashed, "correct horse battery")
    assert not verify(hashed, "correct horse batterx")
    assert not verify(hashed, "correct horse battery" + " " * 300)
    assert not needs_rehash(hashed)
    assert needs_rehash(hash_of("correct horse battery"))
    assert not verify("no hash", "correct horse battery")


def test_an_account_that_is_not_there_takes_as_long() -> None:
    start = thread_time()
    assert not verify(None, "something else")
    assert thread_time() - start > 0.02
    assert not needs_rehash(passwords._dummy())  # it costs what a hash of today does
