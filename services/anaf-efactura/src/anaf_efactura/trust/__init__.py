"""The Ministry of Finance's seal certificates in force, shipped with the package.

The signer changes every year or two, so the list in use is configuration; this is its default.
"""

from __future__ import annotations

from importlib.resources import files


def shipped() -> tuple[bytes, ...]:
    """The shipped certificates, PEM: valid until 2027-11-19 and 2027-12-05."""
    folder = files(__name__)
    return tuple((folder / name).read_bytes() for name in ("mf2627.pem", "mf2627b.pem"))
