"""Free loopback ports for private servers."""

import random
import socket

LOOPBACK = "127.0.0.1"

# Below the range that kernels hand out to outgoing connections: a client that reconnects to a
# stopped server on a port of that range can end up connected to itself.
_FIRST, _LAST = 20_000, 32_000


class NoFreePortError(RuntimeError):
    """No free loopback port was found; something holds thousands of them."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """One port that nothing listens on; the caller should take it soon."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Several different free ports, at random so that parallel runs seldom meet."""
    candidates = random.SystemRandom().sample(range(_FIRST, _LAST), 200 + count)
    found = [port for port in candidates if is_free(port)][:count]
    if len(found) < count:
        raise NoFreePortError(f"no {count} free ports between {_FIRST} and {_LAST} on {LOOPBACK}")
    return found
