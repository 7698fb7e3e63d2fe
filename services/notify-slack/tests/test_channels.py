"""Which way leads to a channel, and that none leads elsewhere."""

import pytest

from notify_slack.channels import Channels, normal
from notify_slack.errors import ChannelUnroutableError

HOOK, OPS = "https://hooks.slack.com/services/a", "https://hooks.slack.com/services/b"
PLAIN = Channels(token=False, allowed=frozenset(), webhooks={}, webhook=HOOK)
MAPPED = Channels(token=False, allowed=frozenset(), webhooks={"ops": OPS}, webhook=HOOK)
TOKEN = Channels(token=True, allowed=frozenset({"ops", "C0123456789"}), webhooks={"hr": OPS})
BOTH = Channels(
    token=True, allowed=frozenset({"ops"}), webhooks={"ops": OPS}, webhook=HOOK, default="ops"
)


@pytest.mark.parametrize(
    ("channels", "wanted", "needs_token", "expected"),
    [
        (PLAIN, None, False, ("webhook", None, HOOK)),
        (MAPPED, None, False, ("webhook", None, HOOK)),
        (MAPPED, "#ops", False, ("webhook", "ops", OPS)),
        (MAPPED, "Ops", False, ("webhook", "ops", OPS)),
        (TOKEN, "#ops", False, ("web_api", "ops", "")),
        (TOKEN, "C0123456789", True, ("web_api", "C0123456789", "")),
        (TOKEN, "hr", False, ("webhook", "hr", OPS)),
        (BOTH, None, False, ("web_api", "ops", "")),
        (BOTH, "ops", True, ("web_api", "ops", "")),
    ],
)
def test_way_to_a_channel(channels, wanted, needs_token, expected):
    route = channels.route(wanted, needs_token=needs_token)
    assert (route.transport, route.channel, route.webhook) == expected


@pytest.mark.parametrize(
    ("channels", "wanted", "needs_token", "words"),
    [
        (PLAIN, "ops", False, "the webhook's own channel takes no name"),
        (PLAIN, None, True, "through a bot token only"),
        (MAPPED, "hr", False, "not among those allowed here: ops;"),
        (MAPPED, "ops", True, "through a bot token only"),
        (TOKEN, "random", False, "not among those allowed here: C0123456789, hr, ops;"),
        (TOKEN, "<!channel>", False, "not among those allowed"),
        (TOKEN, "#", False, "not among those allowed"),
        (TOKEN, " ", False, "not among those allowed"),
        (TOKEN, None, False, "no channel was given and there is no default"),
        (TOKEN, "hr", True, "through a bot token only"),
        (TOKEN, "c0123456789", False, "not among those allowed"),
        (BOTH, "general", False, "not among those allowed here: ops;"),
    ],
)
def test_no_way_is_told_and_nothing_goes_elsewhere(channels, wanted, needs_token, words):
    with pytest.raises(ChannelUnroutableError, match=words) as refused:
        channels.route(wanted, needs_token=needs_token)
    assert refused.value.field == "channel"
    assert refused.value.code == "channel_unroutable"
    assert "hooks.slack.com" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "name"),
    [("#Ops", "ops"), (" ops ", "ops"), ("C0123456789", "C0123456789"), ("CONTABIL", "contabil")],
)
def test_names_of_channels_are_compared_as_slack_has_them(text, name):
    assert normal(text) == name
