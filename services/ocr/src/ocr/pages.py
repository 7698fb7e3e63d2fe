"""Which pages of a document are wanted. No I/O."""

from .errors import BadPagesError, TooManyPagesError


def wanted(asked: str | None, count: int, limit: int) -> list[int]:
    """Return the page numbers to read, from 1, in order, each once.

    Args:
        asked: as in `1-3,7`; None for all.
        count: pages that the document has.
        limit: pages that may be read of one document.

    Raises:
        BadPagesError: a page that is not there, or a range that goes backwards.
        TooManyPagesError: more than the limit.
    """
    found: set[int] = set()
    # Counted before it is written out: a range may name a million pages.
    for first, last in _ranges(asked, count):
        if last > count:
            raise BadPagesError(
                f"page {last} is not there: the document has {count}", field="pages"
            )
        if first > last:
            raise BadPagesError(
                f"{first}-{last} goes backwards; write {last}-{first}", field="pages"
            )
        if last - first >= limit:
            raise _too_many(last - first + 1, limit)
        found.update(range(first, last + 1))
    if len(found) > limit:
        raise _too_many(len(found), limit)
    return sorted(found)


def _ranges(asked: str | None, count: int) -> list[tuple[int, int]]:
    if asked is None:
        return [(1, count)]
    pairs = [part.partition("-") for part in asked.split(",")]
    return [(int(first), int(last or first)) for first, _, last in pairs]


def _too_many(number: int, limit: int) -> TooManyPagesError:
    return TooManyPagesError(
        f"{number} pages, at most {limit} are read of one document: name some in `pages`, as in "
        f"1-{limit}, and send a command for each part",
        field="pages",
    )
