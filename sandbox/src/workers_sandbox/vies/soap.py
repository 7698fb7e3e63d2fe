"""Reading and writing the two operations of the service."""

from collections.abc import Mapping
from typing import Any

from lxml import etree
from starlette.responses import Response

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
TYPES = "urn:ec.europa.eu:taxud:vies:services:checkVat:types"


def read(body: bytes) -> tuple[str, dict[str, str]]:
    """Operation name and its fields; ValueError when the body is no such request."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ValueError("not XML") from error
    found = root.xpath("/s:Envelope/s:Body/t:*", namespaces={"s": SOAP, "t": TYPES})
    if not found:
        raise ValueError("no operation of checkVatService in the SOAP body")
    request = found[0]
    fields = {etree.QName(one).localname: (one.text or "").strip() for one in request}
    return etree.QName(request).localname, fields


def answer(operation: str, fields: Mapping[str, str]) -> Response:
    """The response element of an operation; elements are qualified."""
    made = etree.Element(f"{{{TYPES}}}{operation}Response", nsmap={None: TYPES})
    for name, value in fields.items():
        etree.SubElement(made, f"{{{TYPES}}}{name}").text = value
    return _envelope(made, 200)


def fault(text: str, status: int) -> Response:
    """A SOAP fault; it comes with HTTP 500, and sometimes with 200."""
    made = etree.Element(f"{{{SOAP}}}Fault", nsmap={"env": SOAP})
    etree.SubElement(made, "faultcode").text = "env:Server"
    etree.SubElement(made, "faultstring").text = text
    return _envelope(made, status)


def _envelope(inside: Any, status: int) -> Response:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"env": SOAP})
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(inside)
    body = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
    return Response(body, status, media_type="text/xml")
