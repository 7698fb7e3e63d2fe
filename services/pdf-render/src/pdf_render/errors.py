"""What can go wrong, each with a stable code."""

from workers_runtime.errors import PermanentError, TransientError


class BrowserUnavailableError(TransientError):
    """Chromium is missing, does not start, or ended again and again under this document."""

    code = "pdf_browser_unavailable"


class DocumentTimeoutError(PermanentError):
    """The document was not printed within its time; a smaller one or more time may help."""

    code = "pdf_timeout"


class DocumentCrashError(PermanentError):
    """The document made Chromium's renderer crash, twice."""

    code = "pdf_document_crashes"


class DocumentTooHeavyError(PermanentError):
    """The document, or the PDF made of it, is over one of the operator's limits."""

    code = "pdf_too_heavy"


class DocumentInvalidError(PermanentError):
    """The document leads elsewhere, has no such page, or cannot be read as what it should be."""

    code = "pdf_document_invalid"


class AssetMissingError(PermanentError):
    """The document asks for files that it may not or cannot have, and strict_assets is set."""

    code = "pdf_asset_missing"


class AddressForbiddenError(PermanentError):
    """The address is not on the operator's list, or scripts are not allowed here."""

    code = "pdf_forbidden"


class PageRefusedError(PermanentError):
    """The site answered that there is no such page, or that it is not for us."""

    code = "pdf_page_refused"


class PageUnavailableError(TransientError):
    """The site of the page does not answer, or says that it cannot now."""

    code = "pdf_page_unavailable"


class TemplateUnknownError(PermanentError):
    """No template has this name."""

    code = "pdf_template_unknown"


class TemplateDataError(PermanentError):
    """The template cannot show this data: the field is named."""

    code = "pdf_template_data"


class FileUnusableError(PermanentError):
    """A PDF to merge is damaged, encrypted or too large."""

    code = "pdf_merge_unusable"


class ArchiveFormatError(PermanentError):
    """The finished file is not what PDF/A asks for: the reasons are named, nothing is stored."""

    code = "pdf_archive_format"
