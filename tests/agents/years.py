"""A year as the State Council arranged it, in the forms in which files tell it."""

import json

NEXT_YEAR = [
    ("元旦", "2027-01-01", True), ("元旦", "2027-01-02", True), ("元旦", "2027-01-03", True),
    ("春节", "2027-02-05", True), ("春节", "2027-02-06", True), ("春节", "2027-02-07", True),
    ("春节", "2027-02-14", False), ("国庆节", "2027-10-01", True), ("国庆节", "2027-10-09", False),
]  # fmt: skip


def as_json(year: int = 2027) -> bytes:
    days = [{"name": name, "date": day, "isOffDay": is_off} for name, day, is_off in NEXT_YEAR]
    return json.dumps({"year": year, "papers": [], "days": days}, ensure_ascii=False).encode()


def as_table(head: str = "日期,名称,休班\n") -> str:
    return head + "".join(f"{day},{name},{'休' if is_off else '班'}\n" for name, day, is_off in NEXT_YEAR)
