"""The guarded door: what it lets through, and every way around it that is known."""

import ipaddress
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.fetch import Address, FetchError, Rules, is_public, open_url
from app.tls import trusted
from tests.fakes import files as fake
from tests.fakes.files import Files

MEGA = 1 << 20
METADATA = "169.254.169.254"


@pytest.fixture
async def files() -> AsyncIterator[Files]:
    async with fake.running() as files:
        yield files


class Names:
    """A name server: for each name the answers to its first, second… question; the last one stays."""

    def __init__(self, **names: list[list[str]]) -> None:
        self._names = {name.replace("_", "."): answers for name, answers in names.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        answers = self._names.get(host, [[host]])
        return answers.pop(0) if len(answers) > 1 else answers[0]


def here(address: Address) -> bool:
    return str(address) == "127.0.0.1"


def rules(files: Files) -> Rules:
    """As outside, but for the one address at which the test's server is."""
    return Rules(schemes=("http",), ports=(files.port,), allows=here)


async def read(url: str, given: Rules, *, limit: int = MEGA, seconds: float = 5, names: Names | None = None) -> bytes:
    async with open_url(url, limit=limit, seconds=seconds, rules=given, resolve=names or Names()) as fetched:
        return b"".join([chunk async for chunk in fetched.chunks])


async def refusal(url: str, given: Rules, **more: object) -> FetchError:
    with pytest.raises(FetchError) as refused:
        await read(url, given, **more)  # type: ignore[arg-type]
    assert url not in str(refused.value)
    return refused.value


# -------------------- what passes


async def test_a_file_is_read_with_what_is_said_of_it(files: Files) -> None:
    async with open_url(f"{files.url}/picture.jpg", limit=MEGA, rules=rules(files)) as fetched:
        assert (fetched.content_type, fetched.size) == ("image/jpeg", 13)
        assert b"".join([chunk async for chunk in fetched.chunks]) == b"\xff\xd8\xff a picture"


async def test_nothing_of_ours_goes_along(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    files.redirect("/first", "/picture.jpg")
    files.answers["/first"] = files.answers["/first"].replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\n\r\n")
    await read(f"{files.url}/first", rules(files))
    names = {line.split(b":")[0].lower() for line in files.asked[1].split(b"\r\n")[1:] if line}
    assert names == {b"host", b"accept", b"accept-encoding", b"user-agent", b"connection"}


async def test_three_redirects_are_followed_and_a_fourth_is_not(files: Files) -> None:
    for n in range(4):
        files.redirect(f"/{n}", f"{n + 1}", status="307 Temporary Redirect")
    files.put("/4", b"there")
    assert await read(f"{files.url}/1", rules(files)) == b"there"
    assert (await refusal(f"{files.url}/0", rules(files))).code == "too_many_redirects"


async def test_what_lies_under_our_own_address_passes_and_what_lies_beside_it_does_not(files: Files) -> None:
    files.put("/api/file", b"played")
    ours = Rules(own=f"{files.url}/api")
    assert await read(f"{files.url}/api/file", ours) == b"played"
    for beside in ("/picture.jpg", "/apis/file", "/api/../picture.jpg", "/api/%2e%2e/picture.jpg"):
        assert (await refusal(files.url + beside, ours)).code == "blocked_scheme"
    files.redirect("/api/away", "/picture.jpg")
    assert (await refusal(f"{files.url}/api/away", ours)).code == "blocked_scheme"


# -------------------- addresses


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", METADATA, "100.100.100.200",
     "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1%1", "fc00::1",
     "fd00:ec2::254", "ff02::1", f"::ffff:{METADATA}", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
     "2002:7f00:1::", "2001:0:7f00:1::1", "2001:db8::1"],
)  # fmt: skip
async def test_an_address_that_is_not_public_is_blocked(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    names = Names(cdn_example=[[address]])
    assert (await refusal("https://cdn.example/x", Rules(), names=names)).code == "blocked_address"


@pytest.mark.parametrize("address", ["1.1.1.1", "203.119.25.1", "2400:3200::1", "::ffff:1.1.1.1"])
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"])
async def test_another_spelling_of_this_machine_is_blocked(host: str) -> None:
    with pytest.raises(FetchError, match="blocked_address"):
        async with open_url(f"https://{host}/x", limit=MEGA):
            pass


async def test_one_address_that_is_not_public_spoils_the_name() -> None:
    names = Names(cdn_example=[["1.1.1.1", "10.0.0.1"]])
    assert (await refusal("https://cdn.example/x", Rules(), names=names)).code == "blocked_address"


async def test_the_connection_goes_to_the_address_that_was_looked_at(files: Files) -> None:
    """The name means this server when it is looked at, and the metadata service from then on."""
    names = Names(cdn_example=[["127.0.0.1"], [METADATA]])
    url = f"http://cdn.example:{files.port}/picture.jpg"
    assert await read(url, rules(files), names=names) == b"\xff\xd8\xff a picture"
    assert names.asked == ["cdn.example"]
    assert b"Host: cdn.example" in files.asked[0]
    assert (await refusal(url, rules(files), names=names)).code == "blocked_address"


async def test_the_next_address_is_tried_where_one_does_not_answer(files: Files) -> None:
    def both(address: Address) -> bool:
        return address.is_loopback

    names = Names(cdn_example=[["127.0.0.2", "127.0.0.1"]])
    given = Rules(schemes=("http",), ports=(files.port,), allows=both)
    assert await read(f"http://cdn.example:{files.port}/picture.jpg", given, names=names)


@pytest.mark.parametrize(
    ("location", "code"),
    [
        (f"http://{METADATA}/latest/meta-data/", "blocked_port"),
        ("http://{here}@169.254.169.254:{port}/", "bad_address"),
        (f"http://{METADATA}:{{port}}/", "blocked_address"),
        ("//inside.example:{port}/", "blocked_address"),
        ("file:///etc/passwd", "bad_address"),
        ("gopher://127.0.0.1:{port}/", "blocked_scheme"),
        ("http://127.0.0.1:6379/", "blocked_port"),
        ("http://[::1", "bad_address"),
    ],
)
async def test_a_redirect_to_where_nobody_may_go_is_not_followed(files: Files, location: str, code: str) -> None:
    files.redirect("/x", location.format(here="127.0.0.1", port=files.port))
    names = Names(inside_example=[["10.0.0.7"]])
    assert (await refusal(f"{files.url}/x", rules(files), names=names)).code == code
    assert len(files.asked) == 1


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://cdn.example/x", "blocked_scheme"),
        ("https://cdn.example:8443/x", "blocked_port"),
        ("https://user:geheim@cdn.example/x", "bad_address"),
        ("https:///x", "bad_address"),
        ("/etc/passwd", "bad_address"),
        ("", "bad_address"),
        ("https://cdn.example/\r\nX: y", "bad_address"),
        ("https://" + "a" * 70 + ".example/", "not_resolved"),
        ("https://nowhere.invalid/", "not_resolved"),
    ],
)
async def test_an_address_of_another_kind_is_refused(url: str, code: str) -> None:
    with pytest.raises(FetchError, match=code) as refused:
        async with open_url(url, limit=MEGA):
            pass
    assert refused.value.again == (code == "not_resolved")


# -------------------- what comes


@pytest.mark.parametrize(
    ("status", "again", "gone"),
    [("404 Not Found", False, True), ("403 Forbidden", False, True), ("410 Gone", False, True),
     ("503 Service Unavailable", True, False), ("429 Too Many Requests", True, False),
     ("204 No Content", False, False)],
)  # fmt: skip
async def test_a_status_says_whether_to_come_again(files: Files, status: str, again: bool, gone: bool) -> None:
    files.put("/x", b"", status=status)
    refused = await refusal(f"{files.url}/x", rules(files))
    assert (refused.code, refused.again, refused.gone) == (f"http_{status[:3]}", again, gone)


async def test_more_than_the_limit_is_refused_when_it_is_announced(files: Files) -> None:
    files.put("/x", b"", length=MEGA + 1)
    assert (await refusal(f"{files.url}/x", rules(files))).code == "too_large"


async def test_more_than_the_limit_is_refused_when_it_comes(files: Files) -> None:
    files.answers["/x"] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + bytes(MEGA + 1)
    assert (await refusal(f"{files.url}/x", rules(files))).code == "too_large"


async def test_a_body_that_breaks_off_is_no_file(files: Files) -> None:
    files.put("/x", bytes(1000), length=2000)
    refused = await refusal(f"{files.url}/x", rules(files))
    assert (refused.code, refused.again) == ("broken_off", True)


async def test_a_packed_body_is_refused(files: Files) -> None:
    files.put("/x", b"\x1f\x8b", "Content-Encoding: gzip")
    assert (await refusal(f"{files.url}/x", rules(files))).code == "encoded"


async def test_who_sends_too_slowly_is_left(files: Files) -> None:
    files.put("/x", b"half", length=8)
    files.stalls = True
    refused = await refusal(f"{files.url}/x", rules(files), seconds=0.2)
    assert (refused.code, refused.again) == ("too_slow", True)


async def test_a_server_that_is_not_there_may_come_back(unused_tcp_port: int) -> None:
    given = Rules(schemes=("http",), ports=(unused_tcp_port,), allows=here)
    refused = await refusal(f"http://127.0.0.1:{unused_tcp_port}/x", given)
    assert (refused.code, refused.again) == ("not_connected", True)


# -------------------- TLS


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's side for files.example, whose certificate this process trusts."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("files.example")]), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "files.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    trusted.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    yield context
    trusted.cache_clear()


async def test_the_certificate_is_that_of_the_name_though_the_connection_goes_to_an_address(
    tls: ssl.SSLContext,
) -> None:
    names = Names(files_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
    async with fake.running(tls) as files:
        given = Rules(ports=(files.port,), allows=here)
        url = f"https://files.example:{files.port}/picture.jpg"
        assert await read(url, given, names=names) == b"\xff\xd8\xff a picture"
        refused = await refusal(url.replace("files.example", "other.example"), given, names=names)
    assert (refused.code, len(files.asked)) == ("not_connected", 1)
