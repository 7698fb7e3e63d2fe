"""The client, with the other side played by the worker itself."""

import pytest

from email_send.client import Client, echo


@pytest.fixture
def client() -> Client:
    """A client whose other side answers at once."""
    return Client(echo, seconds=5)
