"""What the command asks of the page, as Chromium's own parameters."""

import re
from typing import Any

from workers_contracts.pdf import RenderPdf
from workers_contracts.pdf_options import Margins, PageSetup

from .errors import DocumentInvalidError
from .wording import words

_MM = 25.4
_PAPER = {
    "A0": (841, 1189), "A1": (594, 841), "A2": (420, 594), "A3": (297, 420), "A4": (210, 297),
    "A5": (148, 210), "A6": (105, 148), "Letter": (215.9, 279.4), "Legal": (215.9, 355.6),
    "Tabloid": (279.4, 431.8),
}  # fmt: skip
_PAGE_OF = {one: words(one)["page_of"] for one in ("ro", "en")}
_STYLE = "font: 7pt 'Noto Sans', 'Liberation Sans', sans-serif; color: #555; width: 100%"
_FOOTER = (
    '<div style="{}; display: flex; justify-content: space-between; padding: 0 14mm">'
    "<span>{}</span><span>{}</span></div>"
)
_NOTHING = "<span></span>"
"""Instead of Chromium's own: the date and title above, address and number below."""
# Chromium refuses to print at all when these stand in a header or footer.
_FORBIDDEN = re.compile(r"@import|<\s*(?:script|iframe|object|embed|link|meta|base)\b", re.I)


def print_options(
    command: RenderPdf, margins: Margins | None = None, footer: str | None = None
) -> dict[str, Any]:
    """Return the parameters of `Page.printToPDF`; margins and footer are the template's own."""
    page = command.page
    width, height = _paper(page)
    around = page.margins or margins or Margins()
    return {
        "landscape": page.landscape,
        "printBackground": page.background,
        "scale": page.scale,
        "paperWidth": width / _MM,
        "paperHeight": height / _MM,
        "marginTop": around.top / _MM,
        "marginBottom": around.bottom / _MM,
        "marginLeft": around.left / _MM,
        "marginRight": around.right / _MM,
        "pageRanges": page.ranges.replace(" ", ""),
        "preferCSSPageSize": page.css_page_size,
        "generateTaggedPDF": command.tagged,
        "generateDocumentOutline": command.outline,
        **_edges(command, footer),
    }


def _paper(page: PageSetup) -> tuple[float, float]:
    if page.width_mm is not None and page.height_mm is not None:
        return page.width_mm, page.height_mm
    return _PAPER[page.paper]


def _edges(command: RenderPdf, named: str | None) -> dict[str, Any]:
    page = command.page
    header, footer = page.header_html, page.footer_html
    for name, text in (("header_html", header), ("footer_html", footer)):
        if text and _FORBIDDEN.search(text):
            raise DocumentInvalidError(
                "a header or footer may hold text and inline styles only, no scripts, frames, "
                "links to files or @import",
                field=f"page.{name}",
            )
    if not footer and (page.page_numbers or named is not None):
        first, last = '<span class="pageNumber"></span>', '<span class="totalPages"></span>'
        numbers = _PAGE_OF[command.language].format(first, last)
        footer = _FOOTER.format(_STYLE, named or "", numbers)
    if not (header or footer):
        return {"displayHeaderFooter": False}
    return {
        "displayHeaderFooter": True,
        "headerTemplate": header or _NOTHING,
        "footerTemplate": footer or _NOTHING,
    }
