"""Bodies that do not come from the service: firewall, error and log-in pages."""

from starlette.responses import HTMLResponse, Response

_FIREWALL = (
    "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. "
    "Please consult with your administrator.<br><br>Your support ID is: {support}<br><br>"
    "<a href='javascript:history.back();'>[Go Back]</a></body></html>"
)
_ERROR = (
    "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1>"
    "<p>{text}</p></body></html>"
)


def firewall(support: str) -> Response:
    """HTTP 200 with the firewall's page; the support id is what its administrators ask for."""
    return HTMLResponse(_FIREWALL.format(support=support))


def server_error() -> Response:
    """HTTP 500 with an HTML page."""
    text = "The server encountered an internal error and was unable to complete your request."
    return HTMLResponse(_ERROR.format(title="500 Internal Server Error", text=text), 500)


def unavailable(status: int, retry_after: int) -> Response:
    """HTTP 503 with Retry-After, or 502 without."""
    title = {502: "502 Bad Gateway", 503: "503 Service Unavailable"}[status]
    headers = {"Retry-After": str(retry_after)} if status == 503 else {}
    body = _ERROR.format(title=title, text="The service is temporarily unavailable.")
    return HTMLResponse(body, status, headers=headers)


def login() -> Response:
    """HTTP 200 with a log-in page where a ZIP was expected."""
    return HTMLResponse(_ERROR.format(title="Autentificare", text="Sesiunea a expirat."))
