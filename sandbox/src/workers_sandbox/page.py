"""The page at `/`: the 25 misbehaviours, how to ask for them, what is not imitated."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from .misbehaviours.catalogue import CATALOGUE, Scenario

NOT_IMITATED = (
    "the XSD and almost all EN 16931 and CIUS-RO rules (the sandbox checks the seller's control "
    "digit, CustomizationID, BT-109, BT-112, BT-115 and that there is a line)",
    "certificates and mutual TLS (webserviceapl), roles and rights in SPV",
    "the real seal: the sandbox signs with its own key; its algorithms are an assumption",
    "the look-ups v8, asynchronous, farmers, cult and balance sheets; VIES over REST",
    "e-Transport, SAF-T, REGES and every other authority",
    "real speed: in 'fast' pace everything takes parts of a second",
)
"""What a green test against the sandbox does not show."""

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}code,pre{background:#f2f2ee;padding:.1em .3em;"
    "font-size:.95em}pre{padding:.8em;overflow:auto}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #ccc;padding:.5em;text-align:left;vertical-align:top}"
    "small{color:#555}"
)
_EXAMPLE = """curl -X POST http://127.0.0.1:8090/_control/scenarios \\
  -d '{"scenario": "timeout-after-acceptance", "match": {"operation": "upload"}, "times": 1}'"""
_CHOOSING = f"""
<h2>How to ask for one / Cum se cere</h2>
<ol>
<li>Control API / prin API:<pre>{escape(_EXAMPLE)}</pre></li>
<li>A marker in the document's number / în numărul facturii:
<code>PMX-2026-0007-SBX-timeout-after-acceptance</code>; variant after a dot / variantă după punct:
<code>…-SBX-corrupt-zip.empty</code></li>
<li>Chaos / haos: <code>python -m workers_sandbox --chaos 0.1 --seed 1</code></li>
</ol>"""


def _row(scenario: Scenario) -> str:
    variants = ", ".join(scenario.variants)
    options = ", ".join(scenario.parameters)
    notes = f"<br><small>variant: {variants}</small>" if variants else ""
    notes += f"<br><small>params: {options}</small>" if options else ""
    return (
        f"<tr id='{scenario.id}'><td><code>{scenario.id}</code>{notes}</td>"
        f"<td><b>{escape(scenario.title)}</b><br><small lang='ro'>{escape(scenario.title_ro)}"
        f"</small></td><td>{escape(scenario.at_anaf)}</td>"
        f"<td>{escape(scenario.good_client)}</td></tr>"
    )


def render() -> str:
    """The page as HTML, with nothing fetched from elsewhere."""
    rows = "".join(map(_row, CATALOGUE.values()))
    missing = "".join(f"<li>{escape(text)}</li>" for text in NOT_IMITATED)
    return (
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><title>Sandbox ANAF</title>"
        f"<style>{_STYLE}</style></head><body><h1>Sandbox ANAF</h1>"
        "<p>This program plays ANAF, VIES, Slack and a mail server (<a href='/mail'>mail</a>). "
        "Nothing sent here reaches an authority.</p>"
        "<p lang='ro'>Acest program imită ANAF, VIES, Slack și un server de e-mail. Nimic nu "
        "ajunge la o autoritate, la Slack sau la vreun destinatar.</p>"
        f"{_CHOOSING}<h2>The {len(CATALOGUE)} misbehaviours / Situațiile imitate</h2>"
        "<table><thead><tr><th>id</th><th>What / Ce</th><th>What happens at ANAF</th>"
        f"<th>What a good client does</th></tr></thead><tbody>{rows}</tbody></table>"
        f"<h2>Not imitated / Ce nu este imitat</h2><ul>{missing}</ul></body></html>"
    )


async def page(request: Request) -> Response:
    """`GET /`."""
    del request
    return HTMLResponse(render())


ROUTES = [Route("/", page)]
