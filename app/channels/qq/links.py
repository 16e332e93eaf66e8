"""Addresses in what we say: the platform refuses a text with one whose domain is not registered for the bot."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

_ENDINGS = (
    "com|cn|net|org|gov|edu|info|biz|top|xyz|vip|cc|tv|me|io|co|hk|tw|mo|app|dev|shop|site|club|online|live|fun|link|ltd"
    "|tech|wang|pro|art|ink|work|group|video|movie|film|show|cloud|store|website|space|press|mobi|asia|name|us|uk|jp"
)
_SIGN = r"[\w!#$%&*+./:=?@~-]"
_REST = rf"(?:[:/?#]{_SIGN}*)?"
_LABELS = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,10}"
_ADDRESS = re.compile(
    # Of the mail.
    rf"(?P<mail>[a-z0-9](?:[a-z0-9._%+-]{{0,62}}[a-z0-9_%+-])?@{_LABELS}[a-z]{{2,24}}(?![a-z0-9-]|://))"
    # With a scheme, whatever stands behind it up to where no address goes on.
    rf"|[a-z][a-z0-9+-]{{0,20}}://(?:{_SIGN}+|\[[0-9a-f:.]+\]{_SIGN}*|[^\s\u3000<>\"'，。；！？、（）《》「」『』【】“”‘’]*)"
    # Without one, what ends like a domain. Its last label may be Chinese: then that stays, as it is a name.
    rf"|(?<![a-z0-9]){_LABELS}(?:{_ENDINGS})(?![a-z0-9-]){_REST}"
    rf"|(?<=[^\x00-\x7f])\.(?:{_ENDINGS})(?![a-z0-9.-]){_REST}",
    re.ASCII | re.IGNORECASE,
)
_SCHEME = re.compile(r"[a-z][a-z0-9+-]*://", re.IGNORECASE)
_USER = re.compile(r"[^/?#]*(?://)?[^/?#]*@")
_HOST = re.compile(r"[a-z0-9.-]+")
_AFTER = ".,;:!?)"
"""Marks that end a sentence around an address, and seldom the address."""
_SECOND_LEVEL = frozenset({"com", "net", "org", "gov", "edu", "ac", "co"})
_LONGEST_CHAIN = 4


def is_registered(url: str, domains: Collection[str]) -> bool:
    """Whether an address leads to one of the domains or below it."""
    host = _host(url)
    if not _HOST.fullmatch(host) or _USER.match(url):  # an address with a user in it is made to look like another
        return False
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def linted(text: str, domains: Collection[str]) -> str:
    """The text with each address of another domain replaced by the name of the site, or dropped where it has none.

    “https://help.example.com/pay” becomes “example”. An address of the mail is none of these.
    """
    for _ in range(_LONGEST_CHAIN):  # what is left of one may make another with what stood beside it
        cleaned = _ADDRESS.sub(lambda found: found["mail"] or _replaced(found[0], domains), text)
        if cleaned == text:
            break
        text = cleaned
    return text


def _replaced(found: str, domains: Collection[str]) -> str:
    url = found.rstrip(_AFTER)
    after = found[len(url) :]
    return found if is_registered(url, domains) else _site(_host(url)) + after


def _host(url: str) -> str:
    """In lower case, without port and user; empty where there is none."""
    try:
        return (urlsplit(url if _SCHEME.match(url) else f"//{url}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _site(host: str) -> str:
    """The label that names a site: that before the endings; none of an IP address or of what is written in code."""
    labels = [label for label in host.removeprefix("www.").split(".") if label]
    if len(labels) < 2 or labels[-1].isdigit() or ":" in host or not host.isascii():
        return ""
    labels.pop()
    if len(labels) > 1 and labels[-1] in _SECOND_LEVEL:
        labels.pop()
    name = labels[-1]
    return "" if name.startswith("xn--") or name in _SECOND_LEVEL else name
