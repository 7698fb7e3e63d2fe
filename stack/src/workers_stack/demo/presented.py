"""An accepted invoice on its way to people: as a PDF, read back, mailed and announced."""

from .document import Data, Document, says
from .invoice import BUYER_NAME, GROSS, SELLER, SELLER_NAME


def presented(invoice: Document) -> list[Document]:
    """Return the four documents that follow an invoice once ANAF has accepted it."""
    number = invoice.number or ""
    pdf = Document(
        title="PDF of the accepted invoice",
        key="pdf.render",
        # The archive is what ANAF sealed: the PDF shows what was accepted, not what was sent.
        body=lambda accepted: {
            "reference": number,
            "template": "efactura",
            "artifact": accepted["archive"],
        },
        final="pdf.rendered",
        check=says("pages", expected=1),
        after=invoice,
    )
    text = Document(
        title="Its text, read from the PDF",
        key="ocr.extract",
        body=lambda rendered: {
            "reference": number,
            "artifact": rendered["artifact"],
            "document": "invoice",
        },
        final="ocr.extracted",
        check=lambda data: _read(data, number),
        after=pdf,
    )
    mail = Document(
        title="Mail with the PDF",
        key="email.send",
        body=lambda rendered: _mail(number, rendered),
        final="email.sent",
        check=says("accepted", expected=1),
        after=pdf,
    )
    slack = Document(
        title="Message in Slack",
        key="notify.slack",
        body=lambda _sent: {
            "channel": "contabilitate",
            "text": f"Factura {number} a fost acceptată de ANAF și trimisă clientului.",
        },
        final="slack.notified",
        check=says("transport", expected="web_api"),
        after=mail,
    )
    return [pdf, text, mail, slack]


def _mail(number: str, rendered: Data) -> Data:
    return {
        "to": ["contabilitate@example.ro"],
        "business_key": f"invoice-accepted:{number}",
        "template": "invoice_accepted",
        "data": {
            "number": number,
            "supplier": SELLER_NAME,
            "customer": BUYER_NAME,
            "total": str(GROSS),
            "currency": "RON",
        },
        "attachments": [{"artifact": rendered["artifact"], "name": f"{number}.pdf"}],
    }


def _read(data: Data, number: str) -> str | None:
    wanted = {"supplier_cui": SELLER, "number": number, "total": str(GROSS)}
    found = {field["name"]: field["value"] for field in data.get("fields") or []}
    other = [name for name, value in wanted.items() if found.get(name) != value]
    if not other:
        return None
    return ", ".join(f"{name} is read as {found.get(name)!r}" for name in other)
