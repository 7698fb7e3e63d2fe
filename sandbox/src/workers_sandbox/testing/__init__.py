"""Pytest fixtures: a sandbox on a real socket, and a helper for its control API."""

from .control import Control
from .fixtures import SandboxServer, sandbox, sandbox_keys, sandbox_settings

__all__ = ["Control", "SandboxServer", "sandbox", "sandbox_keys", "sandbox_settings"]
