"""The ZIP that `descarcare` gives: `{index}.xml` and its seal."""

import io
import zipfile

from workers_sandbox.clock import BUCHAREST
from workers_sandbox.keys import Keys

from .answers import error_file
from .documents import Document
from .seal import sign


def archive(keys: Keys, document: Document, *, sealed: bool = True) -> bytes:
    """The ZIP of a document: the bytes that were sent, or the error file, each with its seal."""
    name = f"{document.index}.xml"
    content = document.body
    if document.verdict.errors:
        content = error_file(
            document.index, document.seller or document.cif, document.verdict.errors
        )
    members = {name: content}
    if sealed and document.sealed:
        members[f"semnatura_{name}"] = sign(keys, content, name)
    return _zipped(members, document)


def _zipped(members: dict[str, bytes], document: Document) -> bytes:
    buffer = io.BytesIO()
    moment = document.uploaded_at.astimezone(BUCHAREST)
    stamp = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(zipfile.ZipInfo(name, stamp), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
