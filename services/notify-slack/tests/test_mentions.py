"""No way of writing a mention comes alive, in a text or in blocks, unless the command says so."""

import re
import unicodedata

import pytest

from notify_slack import mentions
from notify_slack.blocks import inert
from notify_slack.message import compose
from workers_contracts.notify import NotifySlack

TRICKS = {
    "everybody in the channel": "<!channel>",
    "everybody who is there": "<!here>",
    "the whole workspace": "<!everyone>",
    "with a label": "<!channel|Factura>",
    "a person": "<@U0123456789>",
    "a person of another workspace": "<@W0123456789|ana>",
    "a group": "<!subteam^S0123456789>",
    "a group with a label": "<!subteam^S0123456789|@contabili>",
    "bare channel": "@channel",
    "bare here, in capitals": "@HERE",
    "bare everyone after a bracket": "(@everyone)",
    "full-width at": "\uff20channel",
    "small at": "\ufe6bhere",
    "full-width name": "@\uff43hannel",
    "inside a link's label": "<https://example.com|<!channel>>",
    "as a link's label": "<https://example.com|@channel>",
    "behind a broken link": "<https://example.com <!channel>",
    "in a bold word": "*<!here>*",
    "in code that is closed early": "`x` <!channel> `y`",
    "twice escaped": "&lt;!channel&gt;",
    "escaped by number": "&#60;!channel&#62;",
    "nested brackets": "<<!channel>>",
    "after a quote": "> <!everyone>",
    "a person by a bare name": "@ana.pop",
}


def alive(text: str) -> list[str]:
    """Find what Slack would bring to life: its tokens, and bare names for old webhooks."""
    tokens = re.findall(r"<(?:!(?:channel|here|everyone|subteam\^\w+)|@[UW]\w+)(?:\|[^>]*)?>", text)
    return tokens + re.findall(r"@\w+", unicodedata.normalize("NFKC", text))


def strings(value: object) -> list[str]:
    """Every text inside blocks."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in strings(inner)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("form", [mentions.plain, mentions.markdown, mentions.label])
def test_trick_alerts_nobody(trick, form):
    assert alive(form(f"Factura {TRICKS[trick]} plătită")) == []


@pytest.mark.parametrize("trick", TRICKS)
def test_trick_alerts_nobody_from_inside_blocks(trick):
    text = TRICKS[trick]
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": text}},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": text},
            "fields": [{"type": "mrkdwn", "text": text}, {"type": "plain_text", "text": text}],
            "accessory": {"type": "button", "text": {"type": "plain_text", "text": text}},
        },
        {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]},
        {"type": "markdown", "text": text},
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": text},
                        {"type": "broadcast", "range": "channel"},
                        {"type": "user", "user_id": "U0123456789"},
                        {"type": "usergroup", "usergroup_id": "S0123456789"},
                    ],
                }
            ],
        },
    ]
    made = inert(blocks)
    assert [found for one in strings(made) for found in alive(one)] == []
    assert not {"broadcast", "user", "usergroup"} & set(strings(made))
    assert all(part["verbatim"] for part in (made[1]["text"], made[2]["elements"][0]))


def test_a_trick_is_alive_before_it_is_cleaned():
    dead = {"twice escaped", "escaped by number"}  # shown as they are: inert from the start
    assert {name for name, text in TRICKS.items() if not alive(text)} == dead


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("&lt;", "&amp;lt;"),
        ("*plătit*", "*plătit*"),
        ("<https://example.com|x>", "&lt;https://example.com|x&gt;"),
    ],
)
def test_plain_text_is_shown_as_it_is(text, shown):
    assert mentions.plain(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "<https://example.com/a?b=1|factura>",
        "<mailto:ana@example.com|ana>",
        "*bold* _italic_ &amp; &lt;",
        "<#C0123456789|ops>",
        "<!date^1767225600^{date_num}|2026-01-01>",
    ],
)
def test_markdown_keeps_links_dates_and_formatting(text):
    assert mentions.markdown(text) == text


@pytest.mark.parametrize("is_markdown", [True, False])
def test_mentions_that_are_asked_for_work(is_markdown):
    text = "<!here> <@U0123456789>: <!subteam^S1|contabili> & <b>"
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "<!channel>"}}]
    command = NotifySlack(text=text, markdown=is_markdown, allow_mentions=True, blocks=blocks)
    message = compose(command)
    assert message.parts == ("<!here> <@U0123456789>: <!subteam^S1|contabili> &amp; &lt;b&gt;",)
    assert message.blocks == blocks
