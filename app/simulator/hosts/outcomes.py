"""What became of a call of the service, in words."""

DELIVERED = "已经送达观众的手机"


def told(meaning: str, *, accepted: bool, arrived: bool, answered: bool) -> str:
    """``arrived``: it brought something to a phone; ``answered``: the service got the platform's own answer."""
    if answered:
        return DELIVERED if arrived else meaning
    if accepted:
        return "收下了，但是答复没有送回服务：服务不知道它到了没有"
    return "没有收下，答复也没有送回服务：服务不知道它到了没有"
