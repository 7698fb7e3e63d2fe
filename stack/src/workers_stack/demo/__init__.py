"""The demonstration: files a few documents as another team would and shows what comes back."""

from .run import demo

__all__ = ["demo"]
