"""The files of a command, from their artifacts."""

from workers_contracts.email import SendEmail
from workers_runtime.artifacts import Artifacts

from .errors import MailInvalidError
from .lines import one_line
from .mail import File


async def read(artifacts: Artifacts, command: SendEmail, *, limit: int) -> list[File]:
    """Return attachments and images.

    Raises:
        MailInvalidError: too much in all, or a name that breaks a header.
        PermanentError: an artifact is missing, changed or outside the store.
        TransientError: the store does not answer.
    """
    wanted = [
        *(
            (f"attachments.{n}", one.name, one.artifact, "")
            for n, one in enumerate(command.attachments)
        ),
        *((f"images.{n}", one.name, one.artifact, one.cid) for n, one in enumerate(command.images)),
    ]
    # Base64 makes four bytes of three, and a line end after each 76.
    size = sum(artifact.size for _, _, artifact, _ in wanted) * 78 // 57
    if size > limit:
        raise MailInvalidError(
            f"the files make a mail of about {size} bytes, {limit} at most: send a link to them",
            field="attachments",
        )
    for place, name, _, _ in wanted:
        one_line(name, f"{place}.name")
    return [
        File(name, artifact.media_type, await artifacts.get(artifact, limit=limit), cid)
        for _, name, artifact, cid in wanted
    ]
