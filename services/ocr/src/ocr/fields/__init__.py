"""The fields of a Romanian invoice or receipt, found in what was read. No I/O."""

from .find import find

__all__ = ["find"]
