"""Mails at the sandbox: who gets what, and that a lost answer is told."""


async def test_text_arrives_over_tls_with_a_log_in(worker, mails, sandbox):
    event = await worker.send()
    [mail] = mails()
    assert (mail["subject"], mail["text"].strip()) == ("Factura PMX-2026-0001", "Bună ziua.")
    assert mail["message_id"] == event.mail_id
    assert (mail["tls"], mail["user"]) == (True, "sandbox")
    assert event.recipients[0].text.startswith("250 2.0.0 Ok: queued as")
