"""What this worker reads from the environment."""

import math
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from workers_anaf.login_config import AnafLoginSettings

from .inbound.plan import ReceivePlan
from .trust import shipped

MAX_PLAN = 30


class Settings(AnafLoginSettings):
    """The settings of `anaf-efactura`."""

    model_config = SettingsConfigDict(env_prefix="ANAF_EFACTURA_")

    check_plan: Annotated[tuple[float, ...], NoDecode] = Field(
        default=(60, 60, 120, 240, 420, 900, 1800, 3600),
        description="Seconds before each question after an upload; the last repeats until the "
        "30th, then every 30 minutes for a day, then every 3 hours. ANAF allows 100 questions a "
        "document and day.",
    )
    reconcile_seconds: float = Field(
        default=300.0, gt=0, description="Between two searches for an upload whose answer was lost."
    )
    resend_after_seconds: float = Field(
        default=6 * 3600.0,
        gt=0,
        description="An upload that ANAF's lists do not show for this long is sent again, the same "
        "bytes; should ANAF have it after all, its duplicate answer names the first index.",
    )
    resend_refused_after_seconds: float = Field(
        default=1800.0,
        gt=0,
        description="The same, when ANAF lists a refusal since that upload that no other document "
        "here is behind: it is taken for this document's.",
    )
    resend_messages: bool = Field(
        default=False,
        description="A message to a supplier that the lists do not show is sent again too; ANAF "
        "is not known to recognise a repeated one. Left out, a person decides: it fails.",
    )
    message_characters: int = Field(
        default=1000,
        ge=1,
        le=60_000,
        description="Longest message to a supplier; ANAF publishes no limit.",
    )
    clock_margin_seconds: float = Field(
        default=60.0, ge=0, description="ANAF refuses a list that ends in its future; stay before."
    )
    trusted_seals: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(),
        description="PEM files of the Ministry's seal certificates, separated by colons; "
        "those in force in 2026 are shipped.",
    )
    xsd_dir: Path | None = Field(
        default=None,
        description="Folder with the UBL 2.1 schema as OASIS published it (maindoc and common); "
        "compared by SHA-256. Unset, the files of the installed package are used.",
    )
    schematron: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(),
        description="Official rules as compiled stylesheets (XSLT that writes SVRL), separated by "
        "colons; run beside our own rules, needs the extra `schematron`.",
    )
    retention_years: int = Field(
        default=10,
        ge=1,
        le=100,
        description="How long archives are kept, counted from the end of the document's year; "
        "before that only an erasure with a legal basis takes one away.",
    )
    pdf_seconds: float = Field(
        default=600.0,
        gt=0,
        description="How long pdf.render may take to print a report, or an invoice that ANAF does "
        "not print; then the command fails.",
    )
    receive_seconds: float = Field(
        default=900.0,
        gt=0,
        description="Between two readings of the lists of a company whose messages are received.",
    )
    list_overlap_seconds: float = Field(
        default=86_400.0,
        ge=0,
        description="How far each reading of the lists reaches back before the last one: entries "
        "may come late. Once a day everything that ANAF lists is read.",
    )
    sent_elsewhere_seconds: float = Field(
        default=3600.0,
        ge=0,
        description="Before a sent invoice or an error file that no document of ours explains is "
        "taken for another program's, and fetched.",
    )
    receive_alarm_days: float = Field(
        default=45.0,
        gt=0,
        le=60,
        description="A listed message that is not fetched after so many days is told of.",
    )
    retry_max_age_seconds: float = Field(
        default=10 * 86_400.0,
        gt=0,
        validation_alias="RETRY_MAX_AGE_SECONDS",
        description="A filing that cannot reach ANAF is tried for this long.",
    )

    @field_validator("check_plan", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        return tuple(filter(None, value.split(","))) if isinstance(value, str) else value

    @field_validator("check_plan")
    @classmethod
    def _positive(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or not all(0 < pause < math.inf for pause in value):
            raise ValueError("needs one or more numbers above 0, separated by commas")
        if len(value) > MAX_PLAN:
            raise ValueError(f"has {len(value)} numbers, {MAX_PLAN} at most")
        return value

    @field_validator("trusted_seals", "schematron", mode="before")
    @classmethod
    def _paths(cls, value: object) -> object:
        return tuple(filter(None, value.split(":"))) if isinstance(value, str) else value

    @field_validator("trusted_seals")
    @classmethod
    def _certificates(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        if not value:
            return value
        # Only for those who name some: what reads certificates is two megabytes.
        from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

        for path in value:
            try:
                load_pem_x509_certificate(path.read_bytes())
            except OSError as error:
                raise ValueError(f"names {path}: {error.strerror}") from None
            except ValueError:
                raise ValueError(f"names {path}, which holds no certificate in PEM form") from None
        return value

    @property
    def receive_plan(self) -> ReceivePlan:
        """How often and how far back the lists are read."""
        return ReceivePlan(
            every=timedelta(seconds=self.receive_seconds),
            overlap=timedelta(seconds=self.list_overlap_seconds),
            settles=timedelta(seconds=self.sent_elsewhere_seconds),
            alarm=timedelta(days=self.receive_alarm_days),
        )

    def seals(self) -> tuple[bytes, ...]:
        """Return the trusted certificates: the shipped ones and those configured."""
        return (*shipped(), *(path.read_bytes() for path in self.trusted_seals))
