"""From samples to medians, ratios and a table. Pure."""

import statistics
from collections.abc import Mapping, Sequence

from rich.table import Table

Sample = Mapping[str, float]
KERNEL = "kernel"
COLUMNS = {
    "cpu_us": ("CPU us/msg", "{:.0f}"),
    "per_second": ("msg/s", "{:.0f}"),
    "pss_idle_mb": ("PSS MB", "{:.0f}"),
    "pss_after_mb": ("after", "{:.0f}"),
    "start_s": ("start s", "{:.2f}"),
    "start_cpu_s": ("start CPU", "{:.2f}"),
}


def medians(samples: Mapping[str, Sequence[Sample]]) -> dict[str, dict[str, float]]:
    """Return the median of each number over the rounds of each contender."""
    return {
        name: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        for name, runs in samples.items()
    }


def ratios(found: Mapping[str, Sample], key: str) -> dict[str, float]:
    """Return the kernel's number divided by each contender's."""
    return {name: round(found[KERNEL][key] / run[key], 3) for name, run in found.items()}


def result(
    samples: Mapping[str, Sequence[Sample]], settings: Mapping[str, object]
) -> dict[str, object]:
    """Return everything that was found, for a program."""
    found = medians(samples)
    return {
        **settings,
        "medians": {
            name: {key: round(value, 3) for key, value in run.items()}
            for name, run in found.items()
        },
        "kernel_divided_by": {key: ratios(found, key) for key in COLUMNS},
        "samples": {name: list(runs) for name, runs in samples.items()},
    }


def table(found: Mapping[str, Sample]) -> Table:
    """Return the medians for a person; the ratio says what share of another's CPU we use."""
    view = Table(title="One message, median over the rounds")
    view.add_column("")
    for head, _ in COLUMNS.values():
        view.add_column(head, justify="right")
    view.add_column("kernel's CPU is", justify="right")
    for name, ratio in ratios(found, "cpu_us").items():
        numbers = [form.format(found[name][key]) for key, (_, form) in COLUMNS.items()]
        view.add_row(name, *numbers, "" if name == KERNEL else f"x {ratio:.2f}")
    return view
