"""What happens to a print, before it is decided what that means for the command."""


class BrowserLostError(Exception):
    """The browser's process or connection is gone."""


class RendererCrashedError(Exception):
    """The document's own process is gone."""


class MemoryExceededError(Exception):
    """The document's process was ended because it took too much memory."""
