"""An S3-compatible service on a real port: objects and multipart uploads, each request's signature (SigV4) verified."""

import asyncio
import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from tests.fakes.serving import serving

ACCESS_KEY, SECRET_KEY, REGION, NAME = "desk", "not-so-secret", "cn-north-1", "files"
_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=(\S+), ?SignedHeaders=(\S+), ?Signature=(\w+)")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class Request(NamedTuple):
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    def asked(self, name: str) -> str | None:
        return dict(self.query).get(name)


@dataclass
class Bucket:
    """One bucket, and what is done to it."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    """Of uploads that are not complete, by their id."""
    log: list[str] = field(default_factory=list)
    """Method and path of each request, with the hosts' names where the bucket is part of them."""
    tokens: set[str] = field(default_factory=set)
    """Session tokens that came along."""
    refusals: list[HTTPStatus] = field(default_factory=list)
    """To be given to the next requests instead of an answer."""
    fails_at: int | None = None
    """The number of the part whose upload fails, however often it is tried."""
    serves: int | None = None
    """Bytes after which the next download is cut."""

    def answer(self, request: Request) -> tuple[HTTPStatus, dict[str, str], bytes]:
        self.log.append(f"{request.method} {request.path}")
        self.tokens |= {request.headers["x-amz-security-token"]} if "x-amz-security-token" in request.headers else set()
        if self.refusals:
            return _refused(self.refusals.pop(0), "InternalError")
        if self.fails_at and request.asked("partNumber") == str(self.fails_at):
            return _refused(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError")
        if wrong := _wrong(request):
            return _refused(HTTPStatus.FORBIDDEN, wrong)
        bucket, _, key = request.path.lstrip("/").partition("/")
        if request.headers["host"].startswith(f"{NAME}."):
            bucket, key = NAME, request.path.lstrip("/")
        if bucket != NAME:
            return _refused(HTTPStatus.NOT_FOUND, "NoSuchBucket")
        return getattr(self, f"_{request.method.lower()}")(unquote(key), request)  # type: ignore[no-any-return]

    def _put(self, key: str, request: Request) -> tuple[HTTPStatus, dict[str, str], bytes]:
        upload = request.asked("uploadId")
        if upload is None:
            self.objects[key] = request.body
        else:
            self.parts[upload][int(request.asked("partNumber") or 0)] = request.body
        return HTTPStatus.OK, {"ETag": f'"{hashlib.md5(request.body).hexdigest()}"'}, b""

    def _post(self, key: str, request: Request) -> tuple[HTTPStatus, dict[str, str], bytes]:
        upload = request.asked("uploadId")
        if upload is None:
            upload = f"upload-{len(self.log)}"
            self.parts[upload] = {}
            made = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
            return HTTPStatus.OK, {}, made.encode()
        self.objects[key] = b"".join(part for _, part in sorted(self.parts.pop(upload).items()))
        done = '<CompleteMultipartUploadResult><ETag>"all"</ETag></CompleteMultipartUploadResult>'
        return HTTPStatus.OK, {}, done.encode()

    def _get(self, key: str, request: Request) -> tuple[HTTPStatus, dict[str, str], bytes]:
        if key not in self.objects:
            return _refused(HTTPStatus.NOT_FOUND, "NoSuchKey")
        content = self.objects[key]
        heads = {"ETag": '"any"', "Last-Modified": "Mon, 23 Nov 2026 12:00:00 GMT"}
        if part := _RANGE.fullmatch(request.headers.get("range", "")):
            start, stop = int(part[1]), int(part[2] or len(content) - 1) + 1
            heads["Content-Range"] = f"bytes {start}-{min(stop, len(content)) - 1}/{len(content)}"
            return HTTPStatus.PARTIAL_CONTENT, heads, content[start:stop]
        return HTTPStatus.OK, heads, content

    def _head(self, key: str, request: Request) -> tuple[HTTPStatus, dict[str, str], bytes]:
        return self._get(key, request)

    def _delete(self, key: str, request: Request) -> tuple[HTTPStatus, dict[str, str], bytes]:
        upload = request.asked("uploadId")
        if upload is None:
            self.objects.pop(key, None)
        else:
            self.parts.pop(upload, None)
        return HTTPStatus.NO_CONTENT, {}, b""


@asynccontextmanager
async def running() -> AsyncIterator[Bucket]:
    bucket = Bucket()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read(reader)
        status, heads, body = bucket.answer(request)
        heads |= {"Content-Length": str(len(body)), "Connection": "close", "x-amz-request-id": "1"}
        lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in heads.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        if request.method != "HEAD":
            cut, bucket.serves = (bucket.serves, None) if request.method == "GET" else (None, bucket.serves)
            writer.write(body[:cut])
        await writer.drain()

    async with serving(converse) as address:
        bucket.url = address
        yield bucket


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    return Request(method, parts.path, parse_qsl(parts.query, keep_blank_values=True), headers, body)


# -------------------- signatures


def _wrong(request: Request) -> str:
    """The code of what is wrong with the request's signature; empty for a good one."""
    given = _CREDENTIAL.fullmatch(request.headers.get("authorization", ""))
    if given is None:
        return "AccessDenied"
    access_key, *scope = given[1].split("/")
    if access_key != ACCESS_KEY:
        return "InvalidAccessKeyId"
    if scope[1:] != [REGION, "s3", "aws4_request"]:
        return "AuthorizationHeaderMalformed"
    digest = request.headers["x-amz-content-sha256"]
    if digest not in ("UNSIGNED-PAYLOAD", hashlib.sha256(request.body).hexdigest()):
        return "XAmzContentSHA256Mismatch"
    expected = _signature(request, given[2].split(";"), scope, digest)
    return "" if hmac.compare_digest(expected, given[3]) else "SignatureDoesNotMatch"


def _signature(request: Request, signed: list[str], scope: list[str], digest: str) -> str:
    query = "&".join(sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in request.query))
    heads = "".join(f"{name}:{request.headers[name]}\n" for name in signed)
    canonical = "\n".join([request.method, request.path, query, heads, ";".join(signed), digest])
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], "/".join(scope), hashed])
    key = f"AWS4{SECRET_KEY}".encode()
    for part in scope:
        key = _hmac(key, part)
    return _hmac(key, text).hex()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _refused(status: HTTPStatus, code: str) -> tuple[HTTPStatus, dict[str, str], bytes]:
    body = f"<Error><Code>{code}</Code><Message>{ACCESS_KEY} was refused</Message></Error>"
    return status, {"Content-Type": "application/xml"}, body.encode()
