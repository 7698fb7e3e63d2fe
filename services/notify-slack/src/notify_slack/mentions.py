"""Text that alerts nobody unless the command says so. No I/O.

Slack takes `<…>` for links, channels and mentions. What is not known to be harmless is escaped,
so that no way of writing a mention has to be known here.
Source: Slack, "Formatting text for app surfaces".
"""

import re

_TOKEN = re.compile(r"<([^<>\n]*)>")
_LINK = re.compile(r"(?:https?://|mailto:)[^\s|]+(?:\|[^|]*)?|#C[A-Z0-9]+(?:\|[^|]*)?|!date\^.+")
_MENTION = re.compile(r"@[A-Z0-9]+(?:\|[^|]*)?|!(?:channel|here|everyone|subteam\^\w+)(?:\|[^|]*)?")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt);)")
# Older webhooks bring a bare @channel to life. Any letter may be of another width or alphabet form.
_AT = re.compile(r"[@\uff20\ufe6b](?=\w)")
_JOINER = "\u2060"
"""Word joiner: invisible, and it keeps `@` and a name apart for a machine."""


def plain(text: str, *, allow_mentions: bool = False) -> str:
    """Return mrkdwn that shows a plain text as it is."""
    return _escaped(text.replace("&", "&amp;"), links=False, allow_mentions=allow_mentions)


def markdown(text: str, *, allow_mentions: bool = False) -> str:
    """Return mrkdwn whose links work and whose mentions do not."""
    return _escaped(_ENTITY.sub("&amp;", text), links=True, allow_mentions=allow_mentions)


def label(text: str, *, allow_mentions: bool = False) -> str:
    """Return the text of a `plain_text` object, in which Slack knows no formatting."""
    if allow_mentions:
        return text
    return _AT.sub(_apart, re.sub(r"<(?=[@!#])", f"<{_JOINER}", text))


def _escaped(text: str, *, links: bool, allow_mentions: bool) -> str:
    parts, end = [], 0
    for token in _TOKEN.finditer(text):
        parts += [_inert(text[end : token.start()], allow_mentions), _token(token, links=links,
                  allow_mentions=allow_mentions)]  # fmt: skip
        end = token.end()
    return "".join([*parts, _inert(text[end:], allow_mentions)])


def _token(token: re.Match[str], *, links: bool, allow_mentions: bool) -> str:
    inside = token[1]
    if allow_mentions and _MENTION.fullmatch(inside):
        return token[0]
    if links and _LINK.fullmatch(inside):
        address, bar, shown = inside.partition("|")
        return f"<{address}{bar}{_inert(shown, allow_mentions)}>"
    return _inert(token[0], allow_mentions)


def _inert(text: str, allow_mentions: bool) -> str:
    text = text.replace("<", "&lt;").replace(">", "&gt;")
    return text if allow_mentions else _AT.sub(_apart, text)


def _apart(found: re.Match[str]) -> str:
    return found[0] + _JOINER
