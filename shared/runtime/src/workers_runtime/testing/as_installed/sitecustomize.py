"""Hides the packages that a worker's image does not have; read by Python before the program."""

import os
import sys

for hidden in os.environ["NOT_INSTALLED"].split():
    sys.modules[hidden] = None  # type: ignore[assignment]  # an import of it now fails
