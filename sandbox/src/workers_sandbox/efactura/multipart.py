"""The members of a multipart form, byte for byte."""

import re


def parts(content_type: str, body: bytes) -> dict[str, bytes]:
    """Contents by field name; empty when the body is no multipart form."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if found is None:
        return {}
    boundary = b"\r\n--" + found.group(1).encode()
    pieces = (b"\r\n" + body).split(boundary)[1:-1]
    named = (_named(piece) for piece in pieces)
    return {name: content for name, content in named if name}


def _named(piece: bytes) -> tuple[str, bytes]:
    head, _, content = piece.partition(b"\r\n\r\n")
    name = re.search(rb'name="([^"]*)"', head)
    return (name.group(1).decode("utf-8", "replace") if name else "", content)
