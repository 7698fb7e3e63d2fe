"""Where the examples and the schemas lie."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root():
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def schema_folder(root):
    return root / "schemas"
