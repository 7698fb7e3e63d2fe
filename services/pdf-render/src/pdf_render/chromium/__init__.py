"""A sealed-off Chromium that prints: one process kept alive, one fresh context a document."""

from .browser import Chromium, Limits
from .job import Asset, Job, Printed, Waits

__all__ = ["Asset", "Chromium", "Job", "Limits", "Printed", "Waits"]
