"""A plain text from HTML, for readers that show none. No I/O.

Read by libxml2, in one pass: Python's own parser takes minutes over 90 kB of tags without an end.
"""

import re
from collections.abc import Mapping

_BREAKS = frozenset(
    {"p", "div", "tr", "table", "h1", "h2", "h3", "h4", "li", "ul", "ol", "hr", "section"}
)
_NOT_SHOWN = frozenset({"head", "style", "script", "title", "template"})


class _Reader:
    """What libxml2 tells of the HTML, as it goes through it."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._hidden = 0
        self._link = ""

    def start(self, tag: str, known: Mapping[str, str]) -> None:
        if tag in _NOT_SHOWN:
            self._hidden += 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in _BREAKS:
            self.parts.append("\n\n" if tag == "p" else "\n")
        elif tag == "td":
            self.parts.append(" ")
        elif tag == "img":
            self.parts.append(known.get("alt") or "")
        elif tag == "a":
            self._link = known.get("href") or ""

    def end(self, tag: str) -> None:
        if tag in _NOT_SHOWN:
            self._hidden = max(0, self._hidden - 1)
        elif tag == "a" and self._link.startswith(("https://", "http://")):
            # A link that shows its own address says it once.
            if not (self.parts and self.parts[-1].endswith(self._link)):
                self.parts.append(f" ({self._link})")
            self._link = ""
        elif tag in _BREAKS and tag != "li":
            self.parts.append("\n")

    def data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(re.sub(r"\s+", " ", data))

    def close(self) -> str:
        return "".join(self.parts)


def from_html(html: str) -> str:
    """Return what the HTML says, with its links, as plain text."""
    from lxml import etree  # noqa: PLC0415 - for those who send HTML alone

    parser = etree.HTMLParser(target=_Reader(), no_network=True, huge_tree=True)
    # The comment is for HTML that says nothing at all, which would be an error else.
    parser.feed(f"<!---->{html}")
    lines = [" ".join(line.split()) for line in parser.close().split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
