"""The control API as methods."""

from typing import Any

import httpx


class Control:
    """Asks a running sandbox for misbehaviours and reads what arrived."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=f"{url}/_control", timeout=30, trust_env=False)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def scenario(
        self,
        scenario: str,
        *,
        operation: str | None = None,
        cif: str | None = None,
        number: str | None = None,
        times: int | None = 1,
        **params: Any,
    ) -> int:
        """Ask for a misbehaviour and return its id; `times=None` means without end."""
        named = {"operation": operation, "cif": cif, "number": number}
        match = {name: value for name, value in named.items() if value is not None}
        wish = {"scenario": scenario, "match": match, "times": times, "params": params}
        made: int = self.post("scenarios", wish)["id"]
        return made

    def scenarios(self) -> list[dict[str, Any]]:
        """The rules, spent ones included."""
        return self._list("scenarios")

    def clear_scenarios(self) -> None:
        """Take all rules away."""
        self._client.delete("/scenarios").raise_for_status()

    def uploads(self) -> list[dict[str, Any]]:
        """Every accepted upload."""
        return self._list("uploads")

    def requests(self, operation: str | None = None) -> list[dict[str, Any]]:
        """What arrived, of one operation or all."""
        return self._list("requests", operation)

    def violations(self) -> list[dict[str, Any]]:
        """Rules of ANAF's that the client broke."""
        return self._list("violations")

    def state(self) -> dict[str, Any]:
        """Counts of everything."""
        shown: dict[str, Any] = self._get("state")
        return shown

    def settings(self, **changes: Any) -> None:
        """Change live options."""
        self.post("settings", changes)

    def clock(self, *, offset_seconds: float | None = None, now: str | None = None) -> None:
        """Shift the sandbox's clock, or set it."""
        self.post("clock", {"now": now} if now else {"offset_seconds": offset_seconds or 0})

    def planted(self) -> list[dict[str, Any]]:
        """What `inbound` put into lists, with the digest of each archive and its downloads."""
        return self._list("inbound")

    def inbound(self, cif: str, count: int = 1, **options: Any) -> list[str]:
        """Put messages into a CIF's list, received invoices or another `type`; returns the ids."""
        ids: list[str] = self.post("inbound", {"cif": cif, "count": count, **options})["ids"]
        return ids

    def taxpayer(self, cui: int, name: str, **fields: Any) -> None:
        """Add or replace a company of the register."""
        self.post("taxpayers", {"cui": cui, "name": name, **fields})

    def vies_fault(self, fault: str, **options: Any) -> None:
        """Ask for a SOAP fault of VIES."""
        self.post("vies", {"fault": fault, **options})

    def slack(self) -> dict[str, Any]:
        """Slack's messages and files; `early` counts messages before Retry-After allowed them."""
        shown: dict[str, Any] = self._get("slack")
        return shown

    def slack_answer(self, operation: str, error: str, **options: Any) -> None:
        """Ask for an answer of Slack's: `status`, `retry_after`, `times`."""
        self.post("slack", {"operation": operation, "error": error, **options})

    def smtp(self) -> dict[str, Any]:
        """The mail server's mails, sessions and log-ins."""
        shown: dict[str, Any] = self._get("smtp")
        return shown

    def mails(self) -> list[dict[str, Any]]:
        """The mails that the mail server took in."""
        mails: list[dict[str, Any]] = self.smtp()["mails"]
        return mails

    def smtp_answer(self, step: str, answer: str, **options: Any) -> None:
        """Ask for an answer of the mail server's: `recipient`, `times`."""
        self.post("smtp", {"step": step, "answer": answer, **options})

    def smtp_pem(self) -> bytes:
        """The certificate of the mail server."""
        return self._client.get("/smtp.pem").raise_for_status().content

    def oauth_reset(self) -> None:
        """Give the bootstrap refresh token back."""
        self.post("oauth/reset", {})

    def reset(self) -> None:
        """Forget everything but the keys."""
        self.post("reset", {})

    def seal_pem(self) -> bytes:
        """The certificate of the seal."""
        return self._client.get("/seal.pem").raise_for_status().content

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Any other action; a refused one raises ValueError with the sandbox's reason."""
        answer = self._client.post(f"/{path}", json=body)
        content: dict[str, Any] = answer.json()
        if answer.status_code == 400:
            raise ValueError(content["error"])
        answer.raise_for_status()
        return content

    def _get(self, path: str, operation: str | None = None) -> Any:
        query = {"operation": operation} if operation else {}
        return self._client.get(f"/{path}", params=query).raise_for_status().json()

    def _list(self, path: str, operation: str | None = None) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._get(path, operation)
        return rows
