"""Ask this container's own health page; ends with 0 when it answers 200, with 1 otherwise.

``HEALTH_URL`` names the page; ``{HTTP_PORT}`` in it stands for that variable.
"""

import os
import sys
from urllib.request import ProxyHandler, build_opener

if __name__ == "__main__":
    address = os.environ["HEALTH_URL"].format_map(os.environ)
    try:
        # A proxy of the environment must not be asked for this container's own page.
        build_opener(ProxyHandler({})).open(address, timeout=4).close()
    except OSError as problem:
        sys.exit(f"{address}: {problem}")
