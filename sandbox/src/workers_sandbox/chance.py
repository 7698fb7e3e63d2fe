"""Repeatable chance: every draw depends on the seed and on what it is for, never on time."""

import random
import uuid


def drawn(*parts: object) -> random.Random:
    """A generator whose numbers follow from the parts alone."""
    return random.Random(":".join(map(str, parts)))  # noqa: S311 - repeatable on purpose, not a secret


class Numbers:
    """Upload indices, message ids and trace ids: growing, with gaps, beyond 32 bits as at ANAF."""

    def __init__(self, seed: int, earlier_starts: int = 0) -> None:
        self._chance = drawn(seed, "numbers")
        used = earlier_starts * 10_000_000
        self._index = 5_000_000_000 + used + self._chance.randrange(1_000_000)
        self._message = 3_000_000_000 + used + self._chance.randrange(1_000_000)

    def index(self) -> str:
        """The next upload index."""
        self._index += self._chance.randint(1, 9)
        return str(self._index)

    def message(self) -> str:
        """The next message id, which `descarcare` takes."""
        self._message += self._chance.randint(1, 9)
        return str(self._message)

    def trace(self) -> str:
        """A trace id as `validare` answers it."""
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
