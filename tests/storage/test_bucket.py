"""What only a bucket knows: signatures, uploads in parts, and a service that fails."""

from http import HTTPStatus
from pathlib import Path

import pytest

from app.storage.bucket import endpoint_of
from app.storage.engine import Unavailable
from app.storage.opening import open_storage
from tests.factories.conversations import KEYRING
from tests.factories.storing import JPEG, MEGA, content_of, pieces, s3_settings
from tests.fakes import s3
from tests.storage.conftest import Place


async def test_a_small_file_travels_in_one_request_under_the_prefix(bucket_place: Place, bucket: s3.Bucket) -> None:
    stored = await bucket_place.storage.put(pieces(JPEG), limit=MEGA)
    path = f"/files/desk/{stored.key}"
    assert bucket.log == [f"HEAD {path}", f"PUT {path}"]


async def test_a_large_file_travels_in_parts_of_which_none_is_left(bucket_place: Place, bucket: s3.Bucket) -> None:
    content = bytes(20 * MEGA)
    stored = await bucket_place.storage.put(pieces(content, MEGA), limit=len(content))
    assert [line.split()[0] for line in bucket.log].count("PUT") == 3
    assert bucket.parts == {}
    assert await content_of(bucket_place.storage, stored.key) == content


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"s3_secret_key": "another"}, "SignatureDoesNotMatch"),
        ({"s3_access_key": "nobody"}, "InvalidAccessKeyId"),
        ({"s3_region": "us-west-2"}, "AuthorizationHeaderMalformed"),
        ({"storage_url": "s3://elsewhere"}, "NoSuchBucket"),
    ],
)
async def test_a_refusal_is_told_by_its_code_alone(
    tmp_path: Path, bucket: s3.Bucket, wrong: dict[str, str], code: str
) -> None:
    storage = open_storage(s3_settings(tmp_path, bucket.url, **wrong), KEYRING)
    with pytest.raises(Unavailable) as refused:
        await storage.put(pieces(JPEG), limit=MEGA)
    assert str(refused.value) == f"S3: {code}"


async def test_a_service_that_is_down_is_unavailable(tmp_path: Path, unused_tcp_port: int) -> None:
    storage = open_storage(s3_settings(tmp_path, f"http://127.0.0.1:{unused_tcp_port}"), KEYRING)
    with pytest.raises(Unavailable, match="S3: "):
        await storage.exists("ab/" + "ab" * 32)


async def test_a_service_that_stumbles_once_is_asked_again(bucket_place: Place, bucket: s3.Bucket) -> None:
    bucket.refusals = [HTTPStatus.SERVICE_UNAVAILABLE]
    stored = await bucket_place.storage.put(pieces(JPEG), limit=MEGA)
    assert await content_of(bucket_place.storage, stored.key) == JPEG


async def test_an_upload_that_fails_on_its_way_is_no_file(bucket_place: Place, bucket: s3.Bucket) -> None:
    content = bytes(20 * MEGA)
    bucket.fails_at = 3
    with pytest.raises(Unavailable, match="S3: InternalError"):
        await bucket_place.storage.put(pieces(content, MEGA), limit=len(content))
    assert (bucket.objects, bucket_place.drafts()) == ({}, [])
    bucket.fails_at = None
    stored = await bucket_place.storage.put(pieces(content, MEGA), limit=len(content))
    assert await content_of(bucket_place.storage, stored.key) == content


async def test_a_download_that_is_cut_is_no_whole_file(bucket_place: Place, bucket: s3.Bucket) -> None:
    content = bytes(3 * MEGA)
    stored = await bucket_place.storage.put(pieces(content), limit=len(content))
    bucket.serves = 2 * MEGA
    assert await content_of(bucket_place.storage, stored.key) == content  # the library asks for the rest


def test_the_bucket_stands_in_the_host_where_a_service_wants_it_there(tmp_path: Path) -> None:
    oss = s3_settings(tmp_path, "https://oss-cn-hangzhou.aliyuncs.com/", s3_path_style=False)
    assert endpoint_of(oss, "desk") == "https://desk.oss-cn-hangzhou.aliyuncs.com"
    assert endpoint_of(s3_settings(tmp_path, "http://minio:9000/"), "desk") == "http://minio:9000"
    amazon = s3_settings(tmp_path, "", s3_path_style=False)
    assert endpoint_of(amazon, "desk") == "https://desk.s3.cn-north-1.amazonaws.com.cn"


async def test_variables_of_other_programs_change_nothing(
    tmp_path: Path, bucket: s3.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"ACCESS_KEY_ID": "other", "SESSION_TOKEN": "other", "ENDPOINT_URL_S3": "http://127.0.0.1:1",
             "SKIP_SIGNATURE": "true", "REGION": "other", "VIRTUAL_HOSTED_STYLE_REQUEST": "true"}  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    storage = open_storage(s3_settings(tmp_path, bucket.url), KEYRING)
    stored = await storage.put(pieces(JPEG), limit=MEGA)
    assert f"desk/{stored.key}" in bucket.objects
    assert bucket.tokens == set()
