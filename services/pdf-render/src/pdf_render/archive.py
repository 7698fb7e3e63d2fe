"""The gate for ANAF's archive of an accepted invoice: the invoice inside, or a refusal."""

import io
import re
import zipfile
import zlib

from .errors import DocumentInvalidError

_MOST_BYTES = 16 * 2**20
_MOST_MEMBERS = 4
_DOCUMENT = re.compile(r"[0-9]{1,20}\.xml")
_STARTS = b"PK\x03\x04"


def is_archive(content: bytes) -> bool:
    """Say whether these bytes begin as a ZIP file."""
    return content.startswith(_STARTS)


def invoice_of(content: bytes) -> bytes:
    """Return the document `{index}.xml` of an archive. Raises DocumentInvalidError."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            found = [name for name in names if _DOCUMENT.fullmatch(name)]
            if len(found) != 1 or len(names) > _MOST_MEMBERS:
                raise DocumentInvalidError("the archive does not hold one invoice")
            with archive.open(found[0]) as stream:
                # The declared size is not trusted.
                document = stream.read(_MOST_BYTES + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OverflowError,
    ) as error:
        raise DocumentInvalidError(f"the archive is damaged ({type(error).__name__})") from None
    if len(document) > _MOST_BYTES:
        raise DocumentInvalidError(f"the invoice in the archive is over {_MOST_BYTES // 2**20} MiB")
    return document
