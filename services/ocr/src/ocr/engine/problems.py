"""What a process finds wrong with a document; it travels to the worker as plain values."""


class Problem(Exception):  # noqa: N818 - what was found, no mistake of the program's
    """The document, or one page of it, cannot be read.

    Args:
        code: stable error code without its domain, for example `corrupt_file`.
        message: what is wrong and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        # Both go to the base: pickle makes it anew from them.
        super().__init__(code, message)
        self.code = code
        self.message = message
