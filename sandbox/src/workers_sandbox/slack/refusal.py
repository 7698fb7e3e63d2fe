"""`ok: false`, with Slack's word for why."""

from typing import Any


class ApiError(Exception):
    """A method says no; `more` stands beside the word."""

    def __init__(self, word: str, **more: Any) -> None:
        super().__init__(word)
        self.word = word
        self.more = more
