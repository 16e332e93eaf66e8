"""Whatever stands in a file, loading ends in knowledge or in a KnowledgeError that names the file."""

import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.faq.loader import KnowledgeError, load

FIELDS = ["entries", "id", "title", "question", "similar", "answer", "urgent", "intent", "examples", "exact"]
KEYS = st.sampled_from([*FIELDS, "action", "priority", "reply", "<<", "其他"]) | st.text(max_size=3) | st.none()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates() | st.binary()
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6))
RECORDS = st.dictionaries(st.sampled_from(FIELDS), SCALARS | st.lists(SCALARS, max_size=3), max_size=8)


def loads_or_complains(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as root:
        for folder in ("faq", "intents"):
            (Path(root) / folder).mkdir()
            (Path(root) / folder / "any.yaml").write_bytes(content)
        with pytest.raises(KnowledgeError) as caught:  # one content cannot be valid as entries and as an intent
            load(Path(root) / "faq", Path(root) / "intents", {})
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.problems)
    assert all(line.startswith(("faq/any.yaml:", "intents/any.yaml:")) for line in lines)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    loads_or_complains(content)


@settings(deadline=None)
@given(st.text(alphabet="entries:- \n\t{}[]&*!|>'\"#%@`<?,0a中", max_size=120))
def test_any_punctuation(content: str) -> None:
    loads_or_complains(content.encode())


@settings(deadline=None)
@given(TREES)
def test_any_tree(tree: object) -> None:
    loads_or_complains(yaml.safe_dump(tree, allow_unicode=True).encode())


@settings(deadline=None)
@given(st.lists(RECORDS, max_size=3))
def test_any_entries(records: list[object]) -> None:
    loads_or_complains(yaml.safe_dump({"entries": records}, allow_unicode=True).encode())
