"""Puts the simulation's modules where the test finds them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
