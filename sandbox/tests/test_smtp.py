"""The played mail server, as a client of the standard library meets it."""

import smtplib
import ssl
from email.message import EmailMessage

import httpx
import pytest

from workers_sandbox.smtp.mailbox import PASSWORD, USER

ANA = "ana@client.example"


@pytest.fixture
def session(sandbox):
    """A session over TLS, not logged in."""
    context = ssl.create_default_context(cadata=sandbox.control.smtp_pem().decode())
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as one:
        one.starttls(context=context)
        yield one


def mail(subject: str = "Factura ș") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "a@prima.example", ANA, subject
    made["Message-ID"] = "<1@prima.example>"
    made.set_content("Bună ziua.")
    made.add_alternative("<p>Bună <script>x</script></p>", subtype="html")
    made.add_attachment(b"pdf", maintype="application", subtype="pdf", filename="f.pdf")
    return made


def test_mail_is_shown_and_delivered_to_nobody(session, sandbox):
    session.login(USER, PASSWORD)
    session.send_message(mail())
    told = sandbox.control.smtp()
    [one] = told["mails"]
    assert (one["subject"], one["text"].strip(), one["recipients"]) == (
        "Factura ș",
        "Bună ziua.",
        [ANA],
    )
    assert (one["files"][0]["name"], one["files"][0]["size"]) == ("f.pdf", 3)
    assert (one["message_id"], one["tls"], one["user"]) == ("1@prima.example", True, USER)
    assert (told["sessions"], told["logins"]) == (1, 1)
    page = httpx.get(f"{sandbox.url}/mail", trust_env=False).text
    assert "Factura ș" in page
    assert "<script>" not in page
    sandbox.control.reset()
    assert sandbox.control.mails() == []


def test_without_tls_or_log_in_nothing_goes(session, sandbox):
    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        session.send_message(mail())
    assert refused.value.smtp_code == 530
    with pytest.raises(smtplib.SMTPAuthenticationError):
        session.login(USER, "another")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as plain:
        assert plain.docmd("MAIL", "FROM:<a@prima.example>")[0] == 530
        plain.ehlo()
        assert "auth" not in plain.esmtp_features
    assert sandbox.control.mails() == []


def test_answers_on_request(session, sandbox):
    session.login(USER, PASSWORD)
    sandbox.control.smtp_answer("rcpt", "450 4.2.0 Later", recipient=ANA)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        session.send_message(mail())
    assert refused.value.recipients[ANA] == (450, b"4.2.0 Later")
    assert session.sendmail("a@prima.example", ["b+sbx-550@client.example", ANA], b"x") == {
        "b+sbx-550@client.example": (550, b"5.1.1 User unknown")
    }
    sandbox.control.smtp_answer("accepted", "lost")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        session.send_message(mail())
    assert len(sandbox.control.mails()) == 2


@pytest.mark.parametrize(
    "wish",
    [
        {"step": "quit", "answer": "lost"},
        {"step": "rcpt", "answer": "later"},
        {"step": "rcpt", "answer": "450", "times": 0},
        {"step": "rcpt", "answer": "450", "extra": 1},
    ],
)
def test_wrong_wish_is_told(sandbox, wish):
    with pytest.raises(ValueError, match=r"must be|unknown"):
        sandbox.control.post("smtp", wish)
