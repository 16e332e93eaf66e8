from app.simulator.recent import Recent


def test_the_oldest_go_first_and_what_is_set_again_keeps_its_place() -> None:
    kept: Recent[str, int] = Recent(2)
    for name, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        kept[name] = value
    assert dict(kept) == {"b": 2, "c": 4}
