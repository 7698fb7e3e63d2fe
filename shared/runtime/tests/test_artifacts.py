"""Artifacts: the same bytes come back, or a reason; nothing outside the store is ever read."""

import asyncio
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers_contracts.types import ArtifactRef
from workers_runtime.artifacts import (
    ArtifactChangedError,
    ArtifactForbiddenError,
    ArtifactMissingError,
    Artifacts,
    ArtifactStoreError,
)
from workers_runtime.errors import PermanentError

LIMIT = 10_000_000


@pytest.fixture(params=["file", "memory"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    return Artifacts(f"file://{tmp_path}/store" if request.param == "file" else "memory:///x")


@pytest.fixture
def local(tmp_path: Path) -> Artifacts:
    return Artifacts(f"file://{tmp_path}/store")


@pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 5000])
async def test_bytes_come_back(artifacts, content):
    reference = await artifacts.put(content, media_type="application/zip", suffix=".zip")
    assert reference.size == len(content)
    assert reference.sha256 == hashlib.sha256(content).hexdigest()
    assert reference.uri.endswith(f"{reference.sha256}.zip")
    assert await artifacts.get(reference, limit=LIMIT) == content


async def test_same_bytes_are_stored_once(local, tmp_path):
    first = await local.put(b"x", media_type="text/plain")
    assert first == await local.put(b"x", media_type="text/plain")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


async def test_many_at_once(artifacts):
    contents = [bytes([n % 7]) * 1000 for n in range(50)]
    puts = [artifacts.put(content, media_type="text/plain") for content in contents]
    references = await asyncio.gather(*puts)
    gets = [artifacts.get(reference, limit=LIMIT) for reference in references]
    assert await asyncio.gather(*gets) == contents


async def test_missing_is_said(artifacts):
    reference = await artifacts.put(b"x", media_type="text/plain")
    other = reference.model_copy(update={"uri": reference.uri[:-1] + "z"})
    with pytest.raises(ArtifactMissingError, match="there is no artifact at"):
        await artifacts.get(other, limit=LIMIT)


@pytest.mark.parametrize("changed", [b"", b"y", b"xx", b"x" * 1_000_000])
async def test_changed_file_is_found(local, tmp_path, changed):
    reference = await local.put(b"x", media_type="text/plain")
    Path(reference.uri.removeprefix("file://")).write_bytes(changed)
    with pytest.raises(ArtifactChangedError):
        await local.get(reference, limit=LIMIT)


async def test_size_of_a_reference_is_a_lie_found(local):
    reference = await local.put(b"x" * 100, media_type="text/plain")
    with pytest.raises(ArtifactChangedError):
        await local.get(reference.model_copy(update={"size": 50}), limit=LIMIT)


async def test_too_large_is_refused_before_it_is_read(artifacts):
    reference = await artifacts.put(b"x" * 100, media_type="text/plain")
    with pytest.raises(PermanentError, match="100 bytes, the limit is 99"):
        await artifacts.get(reference, limit=99)


OUTSIDE = [
    "{root}/secret",
    "{store}/../secret",
    "{store}/%2e%2e/secret",
    "{store}/%252e%252e/secret",
    "{store}/ab/../../secret",
    "{store}/..%2fsecret",
    "{store}/%2fetc/passwd",
    "{store}//etc/passwd",
    "{store}x/secret",
    "{store}",
    "{store}/",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "s3://bucket/key",
    "http://127.0.0.1/x",
    "../secret",
    "/etc/passwd",
    "{store}/ab/\x00",
    "{store}/\\..\\secret",
    "{store}/" + "x" * 300,
    "{store}/folder",
    "{store}/folder/",
]


@pytest.mark.parametrize("address", OUTSIDE)
async def test_nothing_outside_the_store_is_read(tmp_path, address):
    store = Artifacts(f"file://{tmp_path}/store")
    secret = b"secret"
    (tmp_path / "secret").write_bytes(secret)
    (tmp_path / "store" / "folder").mkdir()
    reference = ArtifactRef(
        uri=address.format(root=f"file://{tmp_path}", store=f"file://{tmp_path}/store"),
        sha256=hashlib.sha256(secret).hexdigest(),
        size=len(secret),
        media_type="text/plain",
    )
    with pytest.raises((ArtifactForbiddenError, ArtifactMissingError)):
        await store.get(reference, limit=LIMIT)


async def test_deleted_is_gone_and_stays_so(artifacts):
    one = await artifacts.put(b"x", media_type="text/plain", suffix=".txt")
    other = await artifacts.put(b"y", media_type="text/plain")
    for _ in range(2):
        await artifacts.delete(one)
    with pytest.raises(ArtifactMissingError):
        await artifacts.get(one, limit=LIMIT)
    assert await artifacts.get(other, limit=LIMIT) == b"y"


@pytest.mark.parametrize("address", [*OUTSIDE, "{store}/ab/other", "{store}/{digest}/../ab/other"])
async def test_nothing_but_an_artifact_is_deleted(tmp_path, address):
    store = Artifacts(f"file://{tmp_path}/store")
    kept = [tmp_path / "secret", tmp_path / "store" / "ab" / "other"]
    (tmp_path / "store" / "ab").mkdir()
    (tmp_path / "store" / "folder").mkdir()
    digest = hashlib.sha256(b"secret").hexdigest()
    for path in kept:
        path.write_bytes(b"secret")
    uri = address.format(root=f"file://{tmp_path}", store=f"file://{tmp_path}/store", digest=digest)
    reference = ArtifactRef(uri=uri, sha256=digest, size=6, media_type="text/plain")
    with pytest.raises(ArtifactForbiddenError):
        await store.delete(reference)
    assert all(path.exists() for path in kept)


@given(st.text(min_size=1, max_size=60))
def test_any_address_ends_in_a_permanent_error(address):
    reference = ArtifactRef(
        uri=f"memory:///x/{address}", sha256="0" * 64, size=1, media_type="text/plain"
    )
    with pytest.raises(PermanentError):
        asyncio.run(Artifacts("memory:///x").get(reference, limit=LIMIT))


async def test_store_that_does_not_answer_is_transient(tmp_path):
    file = tmp_path / "store"
    store = Artifacts(f"file://{file}")
    reference = await store.put(b"x", media_type="text/plain")
    for path in sorted(file.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    file.rmdir()
    file.write_bytes(b"in the way")
    with pytest.raises(ArtifactStoreError):
        await store.put(b"y", media_type="text/plain")
    with pytest.raises((ArtifactStoreError, ArtifactMissingError)):
        await store.get(reference, limit=LIMIT)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://x/y", "file:// or s3://"),
        ("/var/lib", "file:// or s3://"),
        ("file://var/lib", "three slashes"),
        ("file://", "three slashes"),
        ("s3:///prefix", "bucket"),
    ],
)
def test_wrong_setting_is_said(url, words):
    with pytest.raises(ValueError, match=words):
        Artifacts(url)


async def test_whether_something_is_there_is_told_without_reading_it(tmp_path):
    store = Artifacts(f"file://{tmp_path}")
    kept = await store.put(b"x", media_type="text/plain")
    assert await store.has(kept)
    await store.delete(kept)
    assert not await store.has(kept)
    outside = kept.model_copy(update={"uri": "file:///etc/passwd"})
    with pytest.raises(ArtifactForbiddenError):
        await store.has(outside)


def test_s3_address_is_bucket_and_prefix(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    store = Artifacts("s3://bucket/some/prefix")._store
    assert store.config["bucket"] == "bucket"
    assert str(store.prefix) == "some/prefix"
    assert Artifacts("s3://bucket")._store.prefix is None


def test_folder_that_cannot_be_made_is_told_with_the_setting(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ValueError, match=r"ARTIFACTS_URL: the folder .* cannot be made"):
        Artifacts(f"file://{tmp_path}/file/store")
