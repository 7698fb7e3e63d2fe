"""Only what an instance announced is fetched, and only a little of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_service.fetch import FetchError, RefusedError, UnreachableError, target

REFUSED = [
    "",
    "ftp://10.0.0.1:8000",
    "file:///etc/passwd",
    "//10.0.0.1:8000",
    "10.0.0.1:8000",
    "http://",
    "http://user:pass@10.0.0.1:8000",
    "http://10.0.0.1@10.0.0.2:8000",
    "http://10.0.0.1:8000?x=1",
    "http://10.0.0.1:8000#x",
    "http://10.0.0.1:99999",
    "http://10.0.0.1:x",
    "http://169.254.169.254",
    "http://[fe80::1]:80",
    "http://[::ffff:169.254.169.254]",
    "http://0.0.0.0:8000",
    "http://[::]:8000",
    "http://224.0.0.1",
    "http://[::1",
    "http://2852039166",
    "http://169.254.43518",
    "http://169.254.169.254.",
    "http://0xa9.0xfe.0xa9.0xfe",
    "http://h#",
    "http://h?",
    "http://h\\@other",
    "http://h\r\nX: y",
]


@pytest.mark.parametrize("endpoint", REFUSED)
def test_address_that_is_no_workers_is_refused(endpoint):
    with pytest.raises(RefusedError):
        target(endpoint, "/metrics")


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://10.0.0.1:8000", "http://10.0.0.1:8000/metrics"),
        ("http://10.0.0.1:8000/", "http://10.0.0.1:8000/metrics"),
        ("https://worker.internal", "https://worker.internal/metrics"),
        ("http://worker:80/base", "http://worker/base/metrics"),
        ("http://[::1]:8000", "http://[::1]:8000/metrics"),
    ],
)
def test_announced_address_is_used_as_it_is(endpoint, url):
    assert str(target(endpoint, "/metrics")) == url


@given(st.text(max_size=40))
def test_any_text_is_refused_or_leads_to_the_announced_host(text):
    endpoint = f"http://h{text}"
    try:
        url = target(endpoint, "/metrics")
    except RefusedError:
        return
    assert url.path.endswith("/metrics")
    assert url.scheme == "http"
    assert endpoint.lower().startswith(f"http://{url.host[:1]}")


async def test_body_is_returned(fetcher, serve):
    web = await serve()
    web.answer("/metrics", b"a 1\n")
    assert await fetcher.get(web.url, "/metrics") == b"a 1\n"


async def test_redirect_is_not_followed(fetcher, serve):
    web, inside = await serve(), await serve()
    web.answer("/metrics", b"", "302 Found", location=f"{inside.url}/secret")
    with pytest.raises(FetchError, match="answered 302"):
        await fetcher.get(web.url, "/metrics")
    assert inside.asked == []


async def test_large_answer_is_cut_off(fetcher, serve):
    web = await serve()
    web.answer("/metrics", b"x" * 3_000_000)
    with pytest.raises(FetchError, match="more than 2097152 bytes"):
        await fetcher.get(web.url, "/metrics", 5.0)


async def test_compressed_answer_is_refused(fetcher, serve):
    web = await serve()
    web.answer("/metrics", b"\x1f\x8b", content_encoding="gzip")
    with pytest.raises(FetchError, match="compressed"):
        await fetcher.get(web.url, "/metrics")


async def test_hanging_answer_ends_at_the_limit(fetcher, serve):
    web = await serve()
    web.hang("/metrics")
    with pytest.raises(FetchError, match=r"no answer within 0\.3 s"):
        await fetcher.get(web.url, "/metrics")


async def test_broken_answer_is_an_error_of_ours(fetcher, serve):
    web = await serve()
    web.answers["/metrics"] = b"not http at all\r\n\r\n"
    with pytest.raises(FetchError, match="HTTP failed"):
        await fetcher.get(web.url, "/metrics")


async def test_closed_port_is_told_from_other_failures(fetcher):
    with pytest.raises(UnreachableError):
        await fetcher.get("http://127.0.0.1:1", "/metrics")
