"""The portal: one offline page and one AsyncAPI document for all services."""

from .catalogue import catalogue_documents
from .collect import Collector
from .merge import merged
from .page import render

__all__ = ["Collector", "catalogue_documents", "merged", "render"]
