"""What is posted for a command: limits with the field's name, and long texts."""

import pytest

from notify_slack.blocks import check
from notify_slack.errors import MessageRefusedError
from notify_slack.message import MAX_TEXT, compose, split
from workers_contracts.notify import NotifySlack


def section(text: str, **more) -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(**more) -> dict:
    return {"type": "button", "text": {"type": "plain_text", "text": "x"}, **more}


LIMITS = {
    "section": ([section("x" * 3001)], "blocks.0.text.text"),
    "fields": (
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}],
        "blocks.0.fields",
    ),
    "a field": (
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}],
        "blocks.0.fields.0",
    ),
    "header": (
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        "blocks.0.text.text",
    ),
    "header in mrkdwn": (
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        "blocks.0.text.type",
    ),
    "context": (
        [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}],
        "blocks.0.elements",
    ),
    "actions": ([{"type": "actions", "elements": [button()] * 26}], "blocks.0.elements"),
    "button's text": (
        [section("x", accessory=button(text={"type": "plain_text", "text": "x" * 76}))],
        "blocks.0.accessory.text.text",
    ),
    "button's value": (
        [{"type": "actions", "elements": [button(value="x" * 2001)]}],
        "blocks.0.elements.0.value",
    ),
    "button's url": (
        [{"type": "actions", "elements": [button(url="x" * 3001)]}],
        "blocks.0.elements.0.url",
    ),
    "block id": ([section("x", block_id="i" * 256)], "blocks.0.block_id"),
    "block id twice": ([section("x", block_id="i")] * 2, "blocks.1.block_id"),
    "alt text": (
        [{"type": "image", "image_url": "https://example.com/a", "alt_text": "x" * 2001}],
        "blocks.0.alt_text",
    ),
    "image url": (
        [{"type": "image", "image_url": "x" * 3001, "alt_text": "x"}],
        "blocks.0.image_url",
    ),
    "markdown": ([{"type": "markdown", "text": "x" * 12_001}], "blocks.0.text"),
    "the sum": ([section("x" * 2500)] * 5, "blocks"),
    "escaped": ([section("<" * 1000)], "blocks.0.text.text"),
    "the sum, escaped": ([section("&" * 550)] * 5, "blocks"),
    "unknown type": ([section("x"), {"type": "carousel"}], "blocks.1.type"),
    "no type": ([{}], "blocks.0.type"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_blocks_over_a_limit_are_refused_with_the_place(name):
    blocks, place = LIMITS[name]
    with pytest.raises(MessageRefusedError) as refused:
        compose(NotifySlack(text="x", blocks=blocks))
    assert refused.value.field == place


@pytest.mark.parametrize("kind", [["mrkdwn"], {"user": 1}, None, 5])
def test_type_that_is_no_word_harms_nobody(kind):
    blocks = [{"type": "section", "text": {"type": kind, "text": "<!channel>"}}]
    [block] = compose(NotifySlack(text="x", blocks=blocks)).blocks
    assert block["text"]["type"] == kind
    assert "<!channel>" not in block["text"]["text"]


def test_blocks_at_the_limit_are_taken():
    check([section("x" * 3000)] * 4)
    check([{"type": "header", "text": {"type": "plain_text", "text": "x" * 150}}])
    check([{"type": "divider"}] * 50)


def test_more_than_fifty_blocks_are_refused_by_the_contract():
    with pytest.raises(ValueError, match="at most 50"):
        NotifySlack(text="x", blocks=[{"type": "divider"}] * 51)


@pytest.mark.parametrize("text", [" ", "\n\t", "\u00a0"])
def test_text_of_blanks_is_refused(text):
    with pytest.raises(MessageRefusedError) as refused:
        compose(NotifySlack(text=text))
    assert refused.value.field == "text"


def test_long_text_is_refused_unless_the_command_says_what_to_do():
    assert compose(NotifySlack(text="x" * MAX_TEXT)).parts == ("x" * MAX_TEXT,)
    with pytest.raises(MessageRefusedError, match='set overflow to "split" or "attach"') as refused:
        compose(NotifySlack(text="x" * (MAX_TEXT + 1)))
    assert refused.value.field == "text"
    # What Slack counts is the escaped text.
    with pytest.raises(MessageRefusedError):
        compose(NotifySlack(text="&" * 1000))


def test_split_text_is_whole_and_cut_at_lines():
    lines = [f"Factura {n}: <plătită> & închisă" for n in range(400)]
    message = compose(NotifySlack(text="\n".join(lines), overflow="split"))
    assert len(message.parts) > 3
    assert all(len(part) <= MAX_TEXT for part in message.parts)
    shown = "\n".join(message.parts)
    for mark, char in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        shown = shown.replace(mark, char)
    assert shown == "\n".join(lines)


@pytest.mark.parametrize("text", ["x" * 9000, "&" * 9000, "ș" * 9000, "<" * 4001])
def test_text_without_a_place_to_cut_is_cut_all_the_same(text):
    def ready(piece: str) -> str:
        return piece.replace("&", "&amp;").replace("<", "&lt;")

    pieces = split(text, ready)
    assert "".join(pieces) == text
    assert all(0 < len(ready(piece)) <= MAX_TEXT for piece in pieces)


def test_a_link_is_not_cut():
    link = "<https://example.com/" + "a" * 200 + "|factura>"
    command = NotifySlack(text="x" * 3900 + link, markdown=True, overflow="split")
    assert compose(command).parts == ("x" * 3900, link)


def test_attached_text_begins_in_the_message_and_is_whole_in_the_file():
    text = "\n".join(f"linia {n}" for n in range(2000))
    message = compose(NotifySlack(text=text, overflow="attach"))
    assert message.attached == text
    assert len(message.parts) == 1
    assert text.startswith(message.parts[0])
