"""The way out to ANAF's public host, where no token is needed: the PDF of an invoice.

Source: ANAF's Swagger page of `transformare`; what its firewall refuses was observed.
"""

from datetime import UTC, datetime

from workers_anaf.limits import Pace
from workers_anaf.replies import FirewallPage, Reply, read_reply
from workers_runtime.outbound import Outbound

from .answers import ValidationAnswer, read_validation

PATH = "/prod/FCTEL/rest/transformare"
"""The service exists on prod only, and files nothing."""


class PublicClient:
    """Talks to ANAF's public services."""

    def __init__(self, outbound: Outbound, pace: Pace) -> None:
        self._outbound = outbound
        self._pace = pace

    async def transform(self, xml: bytes, *, credit_note: bool) -> ValidationAnswer:
        """Have a UBL document printed; it was judged before, so the checks are left out (`DA`).

        Raises:
            TransientError: ANAF does not answer.
        """
        standard = "FCN" if credit_note else "FACT1"
        reply = await self._post(f"{PATH}/{standard}/DA", xml)
        if isinstance(reply, FirewallPage):
            # Some harmless texts are blocked on the one path and pass on the other.
            reply = await self._post(f"{PATH}/{standard}", xml)
        return read_validation(reply)

    async def _post(self, path: str, content: bytes) -> Reply:
        await self._pace.wait()
        response = await self._outbound.request(
            "POST",
            path,
            repeatable=True,
            content=content,
            headers={"content-type": "text/plain"},
        )
        return read_reply(
            response.status_code,
            response.content,
            content_type=response.headers.get("content-type"),
            retry_after=response.headers.get("retry-after"),
            now=datetime.now(UTC),
        )
