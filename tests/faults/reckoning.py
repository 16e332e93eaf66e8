"""What the platforms saw against what we have written: every message once, in order, and nothing is claimed in vain."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tests.faults.platforms import Account, Call
from tests.faults.stored import Row

KEYED = {"qq"}
"""Platforms that recognise a repeat of what we send there."""
SHOWN = 20
Seen = Mapping[str, Account]


def complaints(seen: Seen, rows: Sequence[Row], held: Collection[int]) -> list[str]:
    """Everything that is not as it must be, in words; the text of each message is its own.

    ``held``: messages that were in the hands of a process when it was killed.
    """
    found: list[str] = []
    for platform in dict.fromkeys(row.platform for row in rows):
        own = [row for row in rows if row.platform == platform]
        account = seen[platform]
        found += _phones(account, own) + _states(account, own) + _repeats(account, own, held, platform)
        found += _unknown(account, own, held, platform)
    return found


def told(found: Sequence[str]) -> str:
    return f"{len(found)} complaints:\n" + "\n".join(found[:SHOWN])


def _phones(account: Account, rows: Sequence[Row]) -> list[str]:
    """Once each what was accepted, and in the order of the conversation."""
    on_phones = Counter(seen.text for phone in account.phones.values() for seen in phone)
    accepted = Counter(call.text for call in account.calls if call.accepted)
    numbers = {row.text: row.seq for row in rows}
    found = [f"doubled: {text} is {count} times on a phone" for text, count in on_phones.items() if count > 1]
    found += [f"accepted {n}, shown {on_phones[text]}: {text}" for text, n in accepted.items() if on_phones[text] != n]
    found += [f"never ours: {text}" for text in on_phones if text not in numbers]
    for viewer, phone in account.phones.items():
        order = [numbers.get(seen.text, 0) for seen in phone]
        if order != sorted(order):
            found.append(f"out of order at {viewer}: {[seen.text for seen in phone]}")
    mine: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        mine[row.viewer].add(row.text)
    for viewer, phone in account.phones.items():
        found += [f"on the phone of {viewer}: {seen.text}" for seen in phone if seen.text not in mine[viewer]]
    return found


def _states(account: Account, rows: Sequence[Row]) -> list[str]:
    """``sent`` is on its phone, and nothing is left behind."""
    on_phones = {seen.text for phone in account.phones.values() for seen in phone}
    lost = [f"sent, but on no phone: {row}" for row in rows if row.state == "sent" and row.text not in on_phones]
    return lost + [f"not at its end: {row}" for row in rows if row.state not in ("sent", "unknown")]


def _repeats(account: Account, rows: Sequence[Row], held: Collection[int], platform: str) -> list[str]:
    """Where the platform knows no key, nothing follows a call that may have been taken."""
    if platform in KEYED:
        return []
    calls = _by_text(account.calls)
    return [
        f"sent again after a call that may have been taken: {row}, {calls[row.text]}"
        for row in rows
        if any(call.accepted or not call.answered for call in calls[row.text][:-1])
    ]


def _unknown(account: Account, rows: Sequence[Row], held: Collection[int], platform: str) -> list[str]:
    """Exactly those with a call that was never answered, or in flight when their process was killed."""
    unknown = {row.text for row in rows if row.state == "unknown"}
    if platform in KEYED:
        return [f"unknown in spite of its key: {text}" for text in sorted(unknown)]
    unanswered = {call.text for call in account.calls if not call.answered}
    in_flight = {row.text for row in rows if row.id in held}
    must, errors = unanswered | in_flight, {row.text: row.error for row in rows}
    calls = _by_text(account.calls)
    found = [f"unknown without a reason: {text}: {errors[text]}, {calls[text]}" for text in sorted(unknown - must)]
    return found + [f"nobody can know, yet it is sent: {text}, {calls[text]}" for text in sorted(must - unknown)]


def _by_text(calls: Sequence[Call]) -> Mapping[str, list[Call]]:
    found: defaultdict[str, list[Call]] = defaultdict(list)
    for call in calls:
        found[call.text].append(call)
    return found


def accepted_at(account: Account, text: str) -> datetime:
    return next(call.at for call in account.calls if call.text == text and call.accepted)
