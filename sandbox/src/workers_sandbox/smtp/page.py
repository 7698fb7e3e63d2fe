"""`/mail`: what the played mail server took in, for people."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from .mailbox import Mail

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}article{border-bottom:1px solid #ccc;padding:1rem 0}"
    "pre{background:#f2f2ee;padding:.8em;overflow:auto;white-space:pre-wrap}"
    "iframe{width:100%;height:24rem;border:1px solid #ccc}small{color:#555}"
)


def _article(mail: Mail) -> str:
    shown = mail.shown()
    files = ", ".join(f"{one['name']} ({one['size']} B)" for one in shown["files"])
    # A sandboxed frame: scripts and forms of a mail do nothing here.
    html = shown["html"]
    frame = f"<iframe sandbox srcdoc='{escape(html, quote=True)}'></iframe>" if html else ""
    return (
        f"<article><h2>{escape(shown['subject'])}</h2>"
        f"<small>{escape(shown['headers'].get('From', ''))} → "
        f"{escape(', '.join(shown['recipients']))}<br>&lt;{escape(shown['message_id'])}&gt;"
        f"{'<br>' + escape(files) if files else ''}</small>"
        f"{frame}<pre>{escape(shown['text'] or '')}</pre></article>"
    )


async def page(request: Request) -> Response:
    """`GET /mail`: the newest hundred, newest first."""
    mails = request.app.state.world.mailbox.mails[-100:]
    rows = "".join(map(_article, reversed(mails)))
    return HTMLResponse(
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Sandbox mail</title>"
        f"<style>{_STYLE}</style></head><body><h1>Sandbox: mail</h1>"
        "<p>Nothing of this was delivered to anybody. "
        "<span lang='ro'>Nimic nu a fost livrat nimănui.</span></p>"
        f"{rows or '<p>None yet.</p>'}</body></html>"
    )


ROUTES = [Route("/mail", page)]
