"""From samples to medians and ratios. Pure."""

import statistics
from collections.abc import Mapping, Sequence

OURS = "pdf-render"
AIMS = {"pyppeteer, a launch each": 8.0, "playwright": 1.0, "puppeteer-core": 0.9}
"""How many times the documents per second of each we want to be."""


def result(
    samples: Mapping[str, Sequence[Mapping[str, float]]], settings: Mapping[str, object]
) -> dict[str, object]:
    """Return everything that was found, for a program."""
    found = {
        name: round(statistics.median(run["per_second"] for run in runs), 3)
        for name, runs in samples.items()
    }
    ratios = {name: round(found[OURS] / value, 2) for name, value in found.items() if name != OURS}
    return {
        **settings,
        "documents_per_second": found,
        "times": ratios,
        "aims": {name: aim for name, aim in AIMS.items() if name in ratios},
        "met": all(ratios[name] >= aim for name, aim in AIMS.items() if name in ratios),
        "samples": {name: list(runs) for name, runs in samples.items()},
    }


def lines(found: Mapping[str, object]) -> list[str]:
    """Return the result for a person."""
    rates, times, aims = found["documents_per_second"], found["times"], found["aims"]
    return [
        f"{name:<28}{rate:>8.2f} a second"
        + (f"   x {times[name]:.2f} (aim: {aims[name]:g})" if name in times else "")
        for name, rate in rates.items()
    ]
