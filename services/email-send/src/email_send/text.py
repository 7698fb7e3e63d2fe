"""A plain text from HTML, for readers that show none. No I/O."""

import re
from html.parser import HTMLParser

_BREAKS = frozenset(
    {"p", "div", "tr", "table", "h1", "h2", "h3", "h4", "li", "ul", "ol", "hr", "section"}
)
_NOT_SHOWN = frozenset({"head", "style", "script", "title", "template"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
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

    def handle_endtag(self, tag: str) -> None:
        if tag in _NOT_SHOWN:
            self._hidden = max(0, self._hidden - 1)
        elif tag == "a" and self._link.startswith(("https://", "http://")):
            if not "".join(self.parts).endswith(self._link):
                self.parts.append(f" ({self._link})")
            self._link = ""
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(re.sub(r"\s+", " ", data))


def from_html(html: str) -> str:
    """Return what the HTML says, with its links, as plain text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
