"""Command in, event out."""

from datetime import UTC, datetime

from email_send.handlers import send_email
from workers_contracts.email import SendEmail


async def test_command_becomes_an_event_with_the_answer(client):
    event = await send_email(SendEmail(reference="2026-0001"), client)
    assert (event.reference, event.answer) == ("2026-0001", "2026-0001")
    assert abs((datetime.now(UTC) - event.done_at).total_seconds()) < 60
