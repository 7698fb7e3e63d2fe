"""What can go wrong, each with a stable code."""

from workers_runtime.errors import PermanentError, TransientError


class UnsupportedMediaTypeError(PermanentError):
    """The content is no PNG, JPEG, TIFF, WebP, BMP or PDF, whatever its name says."""

    code = "ocr_unsupported_media_type"


class CorruptFileError(PermanentError):
    """The file is damaged and cannot be opened."""

    code = "ocr_corrupt_file"


class TruncatedImageError(PermanentError):
    """The image ends before its last pixel; half an image is never read as a whole one."""

    code = "ocr_truncated_image"


class EncryptedPdfError(PermanentError):
    """The PDF wants a password."""

    code = "ocr_encrypted_pdf"


class EmptyDocumentError(PermanentError):
    """The document has no bytes, or no pages."""

    code = "ocr_empty_document"


class ImageTooLargeError(PermanentError):
    """The image has more pixels than the limit; it was refused before it was decoded."""

    code = "ocr_image_too_large"


class ImageTooSmallError(PermanentError):
    """The image has too few pixels to hold a letter."""

    code = "ocr_image_too_small"


class TooManyPagesError(PermanentError):
    """More pages than the limit: ask for some of them with `pages`."""

    code = "ocr_too_many_pages"


class FileTooLargeError(PermanentError):
    """The document has more bytes than the limit."""

    code = "ocr_file_too_large"


class BadContentError(PermanentError):
    """The field `content` is not base64."""

    code = "ocr_content_invalid"


class BadPagesError(PermanentError):
    """The field `pages` names pages that the document has not."""

    code = "ocr_pages_invalid"


class PageTimeoutError(PermanentError):
    """No page could be read in its time, at two tries; the process was ended."""

    code = "ocr_page_timeout"


class PageCrashError(PermanentError):
    """Reading ended its process at each try: no page of the document can be read here."""

    code = "ocr_worker_crashed"


class JobTimeoutError(PermanentError):
    """The whole document took longer than the limit."""

    code = "ocr_job_timeout"


class ModelsUnavailableError(TransientError):
    """The models are missing or do not load; documents wait, an operator has to install them."""

    code = "ocr_models_unavailable"


class EngineBusyError(TransientError):
    """The engine's processes are being made anew; the document waits for them."""

    code = "ocr_overloaded"


class DiskUnavailableError(TransientError):
    """The disk for documents in hand is full, or its folder gone; the document waits."""

    code = "ocr_disk_unavailable"


class PagesUnavailableError(TransientError):
    """Redis does not answer: what was read of a long document cannot be kept, so it waits."""

    code = "ocr_pages_unavailable"


BY_PROBLEM: dict[str, type[PermanentError]] = {
    "unsupported_media_type": UnsupportedMediaTypeError,
    "corrupt_file": CorruptFileError,
    "truncated_image": TruncatedImageError,
    "encrypted_pdf": EncryptedPdfError,
    "empty_document": EmptyDocumentError,
    "image_too_large": ImageTooLargeError,
    "image_too_small": ImageTooSmallError,
    "page_timeout": PageTimeoutError,
    "worker_crashed": PageCrashError,
}
"""The error of each problem that a process tells."""
