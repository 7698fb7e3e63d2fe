"""What a process and its children use: processor time and memory."""

import psutil


def _family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def cpu_seconds(pid: int) -> float:
    """Return user and system time of the whole tree, also of children that ended."""
    total = 0.0
    for number, process in enumerate(_family(pid)):
        times = process.cpu_times()
        total += times.user + times.system
        if number == 0:
            total += times.children_user + times.children_system
    return total


def pss_mb(pid: int) -> float:
    """Return the proportional memory of the whole tree: shared pages are counted once."""
    return sum(process.memory_full_info().pss for process in _family(pid)) / 2**20
