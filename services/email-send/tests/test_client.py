"""The way out, when the other side is slow."""

import asyncio

import pytest

from email_send.client import Client
from email_send.errors import EmailUnavailableError


async def test_silence_is_an_error_that_is_tried_again():
    async def never(_reference: str) -> str:
        return await asyncio.get_running_loop().create_future()

    with pytest.raises(EmailUnavailableError, match=r"no answer within 0\.05 s"):
        await Client(never, seconds=0.05).ask("2026-0001")
