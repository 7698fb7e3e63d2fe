"""The catalogue: exactly 25 misbehaviours of the authority, with stable ids."""

from .account import ACCOUNT
from .connection import CONNECTION
from .document import DOCUMENT
from .reading import READING
from .scenario import Scenario

CATALOGUE: dict[str, Scenario] = {
    scenario.id: scenario for scenario in (*DOCUMENT, *CONNECTION, *ACCOUNT, *READING)
}
"""Every misbehaviour by its id, in the order of the documentation."""

__all__ = ["CATALOGUE", "Scenario"]
