"""The worker as it is put together."""

from email_send.app import build
from email_send.config import Settings
from workers_contracts.email import SendEmail


def test_worker_is_put_together_from_its_settings(monkeypatch):
    monkeypatch.setenv("EMAIL_SEND_SECONDS", "3")
    settings = Settings(rmq_url="amqp://127.0.0.1:1/")
    assert settings.seconds == 3
    worker = build(settings)
    assert worker.service == "email-send"
    assert SendEmail.queue() == "email.send"
