"""What can go wrong between us and e-Factura, each with a stable code."""

from workers_anaf.limits import DailyLimitError
from workers_anaf.refusals import Refusal, RefusalKind
from workers_anaf.romania import next_day
from workers_runtime.errors import (
    OutcomeUnknownError,
    PermanentError,
    TransientError,
    WorkerError,
)


class UploadUncertainError(OutcomeUnknownError):
    """ANAF may have the document: its lists are searched before anything is sent again."""

    code = "anaf_upload_uncertain"


class UploadUnresolvedError(PermanentError):
    """ANAF may have the document: its term ended before ANAF confirmed it or listed it."""

    code = "efactura_upload_unresolved"


class AnafUnavailableError(TransientError):
    """ANAF answered with a technical error, a firewall's page, or something not understood."""

    code = "anaf_unavailable"


class AnafRateLimitedError(TransientError):
    """More calls a minute than ANAF allows."""

    code = "anaf_rate_limited"


class NoRightError(PermanentError):
    """The certificate's owner has no right in SPV for this CIF."""

    code = "anaf_no_right"


class CallRefusedError(PermanentError):
    """ANAF refused the call itself, not the document: a defect of this worker or its settings."""

    code = "anaf_call_refused"


class ArchiveExpiredError(PermanentError):
    """ANAF keeps archives for 60 days; this one can no longer be downloaded."""

    code = "efactura_archive_expired"


class ArchiveUnreadableError(TransientError):
    """What ANAF gave as the archive is not one; it is downloaded again later."""

    code = "efactura_archive_unreadable"


class ArchiveUnknownError(PermanentError):
    """The archive of this tenant has no such document."""

    code = "efactura_archive_unknown"


class ArchiveAmbiguousError(PermanentError):
    """Several archived documents have this number; the text names them."""

    code = "efactura_archive_ambiguous"


class ArchiveErasedError(PermanentError):
    """The document was erased by law: its entry is there, its bytes are not."""

    code = "efactura_archive_erased"


class ArchiveDamagedError(PermanentError):
    """The archived file is missing or is not what was archived: bring it back from a backup."""

    code = "efactura_archive_damaged"


class RetentionError(PermanentError):
    """The law wants the document kept for longer; only a legal basis allows an erasure now."""

    code = "efactura_retention"


class NotPrintableError(PermanentError):
    """It is no invoice that can be printed: an error file, a buyer's message, or not XML."""

    code = "efactura_not_printable"


class PdfFailedError(PermanentError):
    """The worker pdf.render could not print; the text has its code."""

    code = "efactura_pdf_failed"


class PdfUnansweredError(PermanentError):
    """The worker pdf.render did not answer in time; is it running?"""

    code = "efactura_pdf_unanswered"


class FilingInProgressError(TransientError):
    """Another command is filing the same document; its end decides this one's."""

    code = "efactura_filing_in_progress"


class DocumentUnknownError(PermanentError):
    """The ledger has no document with this id."""

    code = "efactura_document_unknown"


def call_error(refusal: Refusal, retry_after: float | None = None) -> WorkerError:
    """Return the error that a refused question or upload means; nothing was done at ANAF."""
    match refusal.kind:
        case RefusalKind.RIGHTS:
            return NoRightError(
                f"ANAF: {refusal.text}. Give the certificate's owner the right for this CIF in SPV "
                "and replay the command",
                field="cif",
            )
        case RefusalKind.DAILY_LIMIT:
            return DailyLimitError(f"ANAF: {refusal.text}", until=next_day())
        case RefusalKind.RATE_LIMIT:
            return AnafRateLimitedError(
                "ANAF allows no more calls now", retry_after=retry_after or 60
            )
        case RefusalKind.EXPIRED:
            return ArchiveExpiredError(f"ANAF: {refusal.text}")
        case RefusalKind.CALLER:
            return CallRefusedError(f"ANAF refused the call: {refusal.text}")
        case _:
            return AnafUnavailableError(f"ANAF: {refusal.text}", retry_after=retry_after)
