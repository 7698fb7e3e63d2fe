"""Slack as its documents and public reports describe it, seen by a client without cleverness."""

import json
import time

import httpx
import pytest

from workers_sandbox.slack.hooks import ANSWERS
from workers_sandbox.slack.workspace import ARCHIVED, BOT_TOKEN, NARROW_TOKEN

HOOK = "/services/TSANDBOX/BGENERAL/sandbox"
OPS = "C0OPS00001"


@pytest.fixture
def call(public):
    """Call a method of the Web API."""

    def run(method: str, token: str = BOT_TOKEN, **arguments) -> dict:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = public.post(f"/api/{method}", json=arguments, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["x-slack-req-id"]
        assert "chat:write" in answer.headers["x-oauth-scopes"]
        return answer.json()

    return run


@pytest.fixture
def messages(sandbox):
    return lambda: sandbox.control.slack()["messages"]


def test_webhook_takes_json_and_forms_and_ignores_the_channel(public, messages):
    body = {"text": "a", "channel": "#ops", "username": "x", "thread_ts": "1.2"}
    first = public.post(HOOK, json=body)
    assert (first.status_code, first.text) == (200, "ok")
    assert public.post(HOOK, data={"payload": json.dumps({"text": "b"})}).text == "ok"
    assert [(m["text"], m["channel"]) for m in messages()] == [
        ("a", "C0GENERAL1"),
        ("b", "C0GENERAL1"),
    ]
    assert messages()[0]["thread_ts"] == "1.2"
    assert public.get(HOOK).status_code == 405


@pytest.mark.parametrize("word", ANSWERS)
def test_every_answer_of_the_table_has_its_hook(public, messages, word):
    answer = public.post(HOOK.replace("/sandbox", f"/{word}"), json={"text": "a"})
    assert (answer.status_code, answer.text) == (ANSWERS[word], word)
    assert ("retry-after" in answer.headers) is (word == "rate_limited")
    assert messages() == []


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "invalid_payload"),
        (b"[]", "invalid_payload"),
        (b"{}", "no_text"),
        (b'{"text": " "}', "no_text"),
        (b'{"text": "a", "blocks": [{"type": "carousel"}]}', "invalid_blocks"),
    ],
)
def test_webhook_refuses_what_slack_refuses(public, body, word):
    answer = public.post(HOOK, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.text) == (400, word)


@pytest.mark.parametrize("path", ["/services/T/BGENERAL/wrong", "/services/T/BNONE/sandbox"])
def test_unknown_webhook(public, path):
    answer = public.post(path, json={"text": "a"})
    assert (answer.status_code, answer.text) == (404, "no_service")


def test_web_api_posts_answers_and_changes(call, messages):
    first = call("chat.postMessage", channel="#ops", text="a", metadata={"event_type": "x"})
    assert (first["ok"], first["channel"]) == (True, OPS)
    second = call("chat.postMessage", channel=OPS, text="b", thread_ts=first["ts"])
    assert float(second["ts"]) > float(first["ts"])
    assert call("chat.update", channel=OPS, ts=first["ts"], text="c")["ok"]
    assert [(m["text"], m["edited"]) for m in messages()] == [("c", True), ("b", False)]
    found = call("conversations.history", channel=OPS)["messages"]
    assert [one["text"] for one in found] == ["c"]
    assert "metadata" not in found[0]
    asked = call("conversations.history", channel=OPS, include_all_metadata=True)["messages"]
    assert asked[0]["metadata"] == {"event_type": "x"}
    thread = call("conversations.replies", channel=OPS, ts=first["ts"])["messages"]
    assert [one["text"] for one in thread] == ["b", "c"]
    assert call("conversations.history", channel=OPS, oldest=second["ts"])["messages"] == []
    assert {one["name"] for one in call("conversations.list")["channels"]} >= {"ops", "general"}


def test_history_comes_in_pages(call):
    for number in range(5):
        call("chat.postMessage", channel=OPS, text=str(number))
    first = call("conversations.history", channel=OPS, limit=3)
    assert [one["text"] for one in first["messages"]] == ["4", "3", "2"]
    cursor = first["response_metadata"]["next_cursor"]
    rest = call("conversations.history", channel=OPS, limit=3, cursor=cursor)
    assert [one["text"] for one in rest["messages"]] == ["1", "0"]
    assert not rest["response_metadata"]["next_cursor"]


def test_forms_carry_blocks_as_json_texts_and_the_token(public, messages):
    blocks = [{"type": "divider"}]
    form = {"channel": "ops", "text": "a", "blocks": json.dumps(blocks), "token": BOT_TOKEN}
    assert public.post("/api/chat.postMessage", data=form).json()["ok"]
    assert messages()[0]["blocks"] == blocks
    form["blocks"] = "{"
    answer = public.post("/api/chat.postMessage", data=form).json()
    assert answer == {"ok": False, "error": "invalid_blocks_format"}


@pytest.mark.parametrize(
    ("method", "arguments", "word"),
    [
        ("chat.postMessage", {"channel": "none", "text": "a"}, "channel_not_found"),
        ("chat.postMessage", {"channel": ARCHIVED, "text": "a"}, "is_archived"),
        ("chat.postMessage", {"channel": OPS, "text": " "}, "no_text"),
        ("chat.postMessage", {"channel": OPS, "text": "a", "thread_ts": "1.2"}, "thread_not_found"),
        ("chat.update", {"channel": "ops", "ts": "1.2", "text": "a"}, "channel_not_found"),
        ("chat.update", {"channel": OPS, "ts": "1.2", "text": "a"}, "message_not_found"),
        ("conversations.history", {"channel": "ops"}, "channel_not_found"),
        ("files.getUploadURLExternal", {"filename": "a", "length": 0}, "invalid_arguments"),
        (
            "files.completeUploadExternal",
            {"channel_id": OPS, "files": [{"id": "F"}]},
            "file_not_found",
        ),
        ("files.info", {"file": "F"}, "file_not_found"),
        ("chat.whisper", {}, "unknown_method"),
    ],
)
def test_refusals_of_the_web_api(call, messages, method, arguments, word):
    answer = call(method, **arguments)
    assert (answer["ok"], answer["error"]) == (False, word)
    assert messages() == []


def test_tokens_decide_what_may_be_done(call):
    assert call("auth.test", token="")["error"] == "not_authed"
    assert call("auth.test", token="other")["error"] == "invalid_auth"
    assert call("auth.test", token=NARROW_TOKEN)["team"] == "Sandbox"
    assert call("chat.postMessage", token=NARROW_TOKEN, channel="ops", text="a")["ok"]
    answer = call("conversations.history", token=NARROW_TOKEN, channel=OPS)
    assert (answer["error"], answer["needed"]) == ("missing_scope", "channels:history")


@pytest.mark.parametrize(
    ("block", "pointer"),
    [
        ({"type": "carousel"}, "/blocks/1/type"),
        (
            {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
            "/blocks/1/text/text",
        ),
        (
            {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}},
            "/blocks/1/text/text",
        ),
        ({"type": "section"}, "/blocks/1"),
    ],
)
def test_wrong_blocks_are_told_by_json_pointer(call, block, pointer):
    blocks = [{"type": "divider"}, block]
    answer = call("chat.postMessage", channel=OPS, text="a", blocks=blocks)
    assert answer["error"] == "invalid_blocks"
    assert f"[json-pointer:{pointer}]" in answer["errors"][0]
    assert answer["response_metadata"]["messages"] == answer["errors"]


def test_too_many_blocks_and_too_much_text(call):
    assert call("chat.postMessage", channel=OPS, text="a", blocks=[{"type": "divider"}] * 51)[
        "error"
    ]
    long = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}] * 5
    answer = call("chat.postMessage", channel=OPS, text="a", blocks=long)
    assert answer["error"] == "msg_blocks_too_long"


def test_file_is_seen_when_it_is_shared(call, public, sandbox, messages):
    place = call("files.getUploadURLExternal", filename="a.txt", length=3)
    assert public.post(place["upload_url"], content=b"four").status_code == 400
    shared = {"files": [{"id": place["file_id"], "title": "A"}], "channel_id": OPS}
    assert call("files.completeUploadExternal", **shared)["error"] == "file_not_found"
    assert public.post(place["upload_url"], content=b"abc").text == "OK - 3"
    assert call("files.info", file=place["file_id"])["file"]["shares"] == {}
    assert messages() == []
    assert call("files.completeUploadExternal", **shared)["ok"]
    assert call("files.info", file=place["file_id"])["file"]["shares"]["public"][OPS]
    assert messages()[0]["files"] == [place["file_id"]]
    assert sandbox.control.slack()["files"][0]["shared_in"] == [OPS]


def test_each_channel_has_its_pace_and_says_for_how_long(sandbox, public, call):
    sandbox.control.settings(slack_rate=0.5, slack_burst=2)
    answers = [public.post(HOOK, json={"text": "a"}) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert (answers[2].text, answers[2].headers["retry-after"]) == ("rate_limited", "1")
    assert call("chat.postMessage", channel="ops", text="a")["ok"]
    seen = sandbox.control.slack()
    assert (seen["limited"], seen["early"], len(seen["messages"])) == (1, 0, 3)


def test_who_comes_too_early_is_counted(sandbox, public):
    sandbox.control.slack_answer("webhook", "rate_limited", status=429, retry_after=60)
    assert public.post(HOOK, json={"text": "a"}).headers["retry-after"] == "60"
    assert public.post(HOOK, json={"text": "a"}).status_code == 429
    assert sandbox.control.slack()["early"] == 0, "it may have been on its way"
    deadline = time.monotonic() + 20
    while sandbox.control.slack()["early"] == 0:
        assert public.post(HOOK, json={"text": "a"}).status_code == 429
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert sandbox.control.slack()["messages"] == []


def test_answers_on_order(sandbox, call, public):
    sandbox.control.slack_answer("auth.test", "account_inactive", times=2)
    assert [call("auth.test")["ok"] for _ in range(3)] == [False, False, True]
    sandbox.control.slack_answer("chat.postMessage", "ratelimited", status=429, retry_after=0)
    headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
    answer = public.post(
        "/api/chat.postMessage", json={"channel": "ops", "text": "a"}, headers=headers
    )
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "0")
    assert call("chat.postMessage", channel="ops", text="a")["ok"]
    for wrong in ({"times": 0}, {"retry": 1}):
        with pytest.raises(ValueError, match=r"times|unknown"):
            sandbox.control.post("slack", wrong)


@pytest.mark.parametrize(
    ("scenario", "stored"),
    [("timeout-after-acceptance", 1), ("timeout-before-acceptance", 0), ("reset-mid-body", 1)],
)
def test_connection_faults_act_on_slack(sandbox, public, messages, scenario, stored):
    sandbox.control.scenario(scenario, operation="slack.webhook")
    with pytest.raises(httpx.TransportError):
        public.post(HOOK, json={"text": "a"})
    assert len(messages()) == stored
    assert public.post(HOOK, json={"text": "a"}).text == "ok"


def test_chaos_leaves_slack_alone(sandbox, public):
    sandbox.control.settings(chaos=1)
    assert [public.post(HOOK, json={"text": "a"}).text for _ in range(10)] == ["ok"] * 10


def test_no_secret_of_a_webhook_is_kept(sandbox, public):
    public.post(HOOK, json={"text": "a"})
    [seen] = sandbox.control.requests("slack.webhook")
    assert seen["path"] == "/services/***"


def test_reset_forgets_slack(sandbox, public):
    public.post(HOOK, json={"text": "a"})
    sandbox.control.reset()
    assert sandbox.control.slack() == {"messages": [], "files": [], "early": 0, "limited": 0}
