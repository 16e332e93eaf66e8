"""An index is built once and read from disk afterwards, whatever happens to the files; edits make a delta."""

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.matching import index as indexes
from app.matching.confidence import Weights
from app.matching.index import Base, Index, Phrasing, normalised
from app.matching.language import PLAIN, Language
from app.matching.store import KEPT, open_base
from tests.language import LANGUAGE

THINGS = ["字幕", "弹幕", "投屏", "倍速", "退款", "发票", "密码", "缓存", "会员", "黑屏", "评论", "抽奖"]
WISHES = ["怎么打开{}", "{}不见了怎么办", "我想问问{}的事情", "为什么没有{}了", "{}在哪里看", "关闭{}"]
PAIRS = [(thing, wish.format(thing)) for thing in THINGS for wish in WISHES]
KNOWN = normalised(PAIRS, LANGUAGE)
ASKED = ["字幕怎么没有了", "关掉弹幕", "投频打不开", "我的会员呢", "谁知道", "退錢", "😀", ""]


def opened(base: Base) -> Index:
    return Index(base, LANGUAGE, Weights.load())


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many phrasings each build had."""
    counts: list[int] = []
    build = Base.build.__func__  # type: ignore[attr-defined]  # counted, and carried out

    def counted(cls: type[Base], known: list[Phrasing], language: Language) -> Base:
        counts.append(len(known))
        result: Base = build(cls, known, language)
        return result

    monkeypatch.setattr(Base, "build", classmethod(counted))
    return counts


def test_what_is_read_answers_like_what_was_built(tmp_path: Path, built: list[int]) -> None:
    fresh = opened(Base.build(KNOWN, LANGUAGE))
    first, second = (opened(open_base(KNOWN, LANGUAGE, tmp_path)) for _ in range(2))
    assert built == [len(KNOWN)] * 2, "once without a folder, once for the folder"
    for text in ASKED:
        assert fresh.match(text) == first.match(text) == second.match(text)


def test_who_built_it_keeps_no_copy_in_memory(tmp_path: Path) -> None:
    assert all(isinstance(open_base(KNOWN, LANGUAGE, tmp_path).postings.arrays.rows.base, np.memmap) for _ in range(2))


def test_other_phrasings_or_rules_are_another_index(tmp_path: Path, built: list[int]) -> None:
    for known, language in ((KNOWN, LANGUAGE), (KNOWN[1:], LANGUAGE), (KNOWN, PLAIN), (KNOWN, LANGUAGE)):
        open_base(known, language, tmp_path)
    assert len(built) == 3


def truncate(folder: Path) -> None:
    (folder / "weights.npy").write_bytes(b"")


def flip(folder: Path) -> None:
    path = folder / "grams.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


def lose(folder: Path) -> None:
    (folder / "pairs.npy").unlink()


def confuse(folder: Path) -> None:
    (folder / "content.json").write_text("[]", encoding="utf-8")


@pytest.mark.parametrize("damage", [truncate, flip, lose, confuse])
def test_damaged_files_are_built_anew(tmp_path: Path, built: list[int], damage: Callable[[Path], None]) -> None:
    whole = opened(open_base(KNOWN, LANGUAGE, tmp_path))
    before = [whole.match(text) for text in ASKED]
    (folder,) = tmp_path.glob("index-*/")
    damage(folder)
    after = opened(open_base(KNOWN, LANGUAGE, tmp_path))
    assert [after.match(text) for text in ASKED] == before
    open_base(KNOWN, LANGUAGE, tmp_path)
    assert len(built) == 2


def test_a_crash_while_it_is_written_leaves_nothing_to_read(tmp_path: Path, built: list[int]) -> None:
    child = multiprocessing.get_context("fork").Process(target=_die_before_the_rename, args=(tmp_path,))
    child.start()
    child.join()
    assert child.exitcode == 9
    assert not list(tmp_path.glob("index-*/"))
    assert opened(open_base(KNOWN, LANGUAGE, tmp_path)).match("关掉弹幕").candidates


def _die_before_the_rename(folder: Path) -> None:
    os.rename = lambda *paths: os._exit(9)
    open_base(KNOWN, LANGUAGE, folder)


def test_a_folder_that_cannot_be_used_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert opened(open_base(KNOWN, LANGUAGE, tmp_path / "file" / "cache")).match("关掉弹幕").candidates


def test_old_ones_are_forgotten(tmp_path: Path) -> None:
    for size in range(3, 10):
        open_base(KNOWN[:size], LANGUAGE, tmp_path)
    assert len(list(tmp_path.glob("index-*/"))) == KEPT


# ----------------------------------------------------------------------------------------------------------- the delta


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Index:
    monkeypatch.setattr(indexes, "DELTA_FROM", 10)
    return Index.build(PAIRS, LANGUAGE)


def edited(base: Index, pairs: list[tuple[str, str]]) -> Index:
    known = normalised(pairs, LANGUAGE)
    assert base.pays_to_update(known, base.language, base.weights)
    return base.updated(known)


def test_a_new_phrasing_is_found_and_a_new_target_too(base: Index) -> None:
    after = edited(base, [*PAIRS, ("字幕", "底下的龘字没了"), ("彩蛋", "片尾彩蛋在哪里")])
    assert after.match("底下的龘字没了").exact
    assert after.match("龘字怎么没了").candidates[0].target == "字幕"
    assert after.match("彩蛋在哪看").candidates[0].target == "彩蛋"
    assert base.match("彩蛋在哪看").candidates[0].target != "彩蛋", "the old one stays as it was"


def test_what_was_removed_is_no_longer_matched(base: Index) -> None:
    after = edited(base, [pair for pair in PAIRS if pair != ("抽奖", "抽奖在哪里看")])
    assert base.match("抽奖在哪里看").exact
    assert not after.match("抽奖在哪里看").exact
    assert after.size == base.size - 1


def test_a_target_that_is_gone_is_no_candidate(base: Index) -> None:
    after = edited(base, [pair for pair in PAIRS if pair[0] != "抽奖"])
    found = [candidate.target for text in ("怎么打开抽奖", "抽奖") for candidate in after.match(text).candidates]
    assert found
    assert "抽奖" not in found


def test_the_version_is_that_of_the_phrasings_however_they_came(base: Index) -> None:
    pairs = [*PAIRS, ("字幕", "底下的字没了")]
    assert edited(base, pairs).version == Index.build(pairs, LANGUAGE).version


def test_a_delta_ranks_like_an_index_built_anew(base: Index) -> None:
    pairs = [*PAIRS[3:], ("字幕", "底下的字没了"), ("会员", "我的会员呢")]
    after, anew = edited(base, pairs), Index.build(pairs, LANGUAGE)
    for text in ["字幕怎么没有了", "关掉弹幕", "投频打不开", "会员在哪"]:
        assert after.match(text).candidates[0].target == anew.match(text).candidates[0].target


def test_large_edits_small_indexes_and_other_rules_build_anew(base: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    small = normalised(PAIRS[2:], LANGUAGE)
    assert base.pays_to_update(small, LANGUAGE, base.weights)
    assert not base.pays_to_update(normalised(PAIRS[:30], LANGUAGE), LANGUAGE, base.weights)
    assert not base.pays_to_update(small, PLAIN, base.weights)
    assert not base.pays_to_update(small, LANGUAGE, Weights.blank())
    monkeypatch.setattr(indexes, "DELTA_FROM", 5000)
    assert not base.pays_to_update(small, LANGUAGE, base.weights)
