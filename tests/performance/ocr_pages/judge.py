"""How good a reading is: characters, words, diacritics and fields."""

import unicodedata
from collections import Counter
from collections.abc import Iterable

DIACRITICS = frozenset("ăâîșțĂÂÎȘȚ")
_COMMA = str.maketrans("\u015f\u015e\u0163\u0162", "șȘțȚ")


def normal(text: str) -> str:
    """Return a text with single blanks, NFC and comma below."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_COMMA).split())


def folded(text: str) -> str:
    """Return a text without accents."""
    return "".join(
        one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one)
    )


def distance(one: str, other: str) -> int:
    """Return the edit distance, by Myers' bit vectors (Hyyrö 2003)."""
    if not one:
        return len(other)
    places: dict[str, int] = {}
    for index, character in enumerate(one):
        places[character] = places.get(character, 0) | (1 << index)
    mask, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    plus, minus, score = mask, 0, len(one)
    for character in other:
        equal = places.get(character, 0)
        vertical = equal | minus
        horizontal = (((equal & plus) + plus) ^ plus) | equal
        up = minus | (~(horizontal | plus) & mask)
        down = plus & horizontal
        score += bool(up & last) - bool(down & last)
        up, down = ((up << 1) | 1) & mask, (down << 1) & mask
        plus, minus = down | (~(vertical | up) & mask), up & vertical
    return score


def cer(truth: str, read: str) -> tuple[int, int]:
    """Return wrong characters and all characters."""
    truth, read = normal(truth), normal(read)
    return distance(truth, read), len(truth)


def words(truth: str, read: str) -> tuple[int, int]:
    """Return words found and all words, order aside."""
    wanted, there = Counter(normal(truth).split()), Counter(normal(read).split())
    return sum((wanted & there).values()), wanted.total()


def diacritics(truth: str, read: str) -> tuple[int, int, int]:
    """Return letters with diacritics that were read, that are there, and that were claimed."""
    wanted, there = normal(truth).split(), normal(read).split()
    by_fold: dict[str, list[str]] = {}
    for word in there:
        by_fold.setdefault(folded(word), []).append(word)
    right = 0
    for word in wanted:
        found = by_fold.get(folded(word))
        if found:
            # The likest of equal words belongs to it.
            best = max(found, key=lambda one: sum(a == b for a, b in zip(one, word, strict=False)))
            found.remove(best)
            right += sum(a == b and a in DIACRITICS for a, b in zip(best, word, strict=False))
    return right, _count(wanted), _count(there)


def _count(many: Iterable[str]) -> int:
    return sum(letter in DIACRITICS for word in many for letter in word)
