"""A private Postfix: it takes mail, keeps it, relays nothing, and leaves nothing behind."""

import smtplib
import ssl
from pathlib import Path

import psutil


def _processes(folder: Path) -> list[int]:
    known = ((one.pid, one.info["environ"] or {}) for one in psutil.process_iter(["environ"]))
    return [pid for pid, values in known if values.get("MAIL_CONFIG", "").startswith(str(folder))]


async def test_it_keeps_mail_relays_nothing_and_leaves_nothing(mta):
    folder = mta.certificate.parent
    await mta.start()
    context = ssl.create_default_context(cafile=mta.certificate)
    with smtplib.SMTP(mta.host, mta.starttls_port, timeout=10) as session:
        session.starttls(context=context)
        to = ["ana@client.example", "gone@client.example", "a@elsewhere.example"]
        refused = session.sendmail("x@prima.example", to, b"Subject: one\r\n\r\nx")
    assert {address: code for address, (code, _) in refused.items()} == {
        "gone@client.example": 550,
        "a@elsewhere.example": 554,
    }
    with smtplib.SMTP_SSL(mta.host, mta.implicit_port, timeout=10, context=context) as session:
        assert session.noop()[0] == 250
    [mail] = mta.wait_mails(1)
    assert mail["Subject"] == "one"
    assert _processes(folder)
    await mta.close()
    assert not _processes(folder)
    assert not folder.exists()
