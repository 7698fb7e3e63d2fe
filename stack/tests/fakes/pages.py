"""Health pages for the fake programs, on the port they are given."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def serve(port: int, pages: dict[str, Callable[[], object]]) -> None:
    """Serve JSON (or text) pages in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            body = page() if page else None
            self.send_response(404 if body is None else 200)
            self.end_headers()
            text = body if isinstance(body, str) else json.dumps(body)
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
