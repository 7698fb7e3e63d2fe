"""What the local rules of e-Factura cost: invoices a second on one core, and ratio to bare lxml.

Each round judges every document (schema and rules, as `efactura.validate` does), parses it with
bare lxml, and applies the schema alone; interleaved, after a warm-up, in processor time. The ratio
holds on a busy machine; the absolute figures do not.

    python tests/performance/bench_rules.py [--rounds 200] [--aim 50] [--json FILE]

The end says whether every usual invoice reaches the aim; the program ends with 1 when one does not.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree

from anaf_efactura.invoice.schema import find
from anaf_efactura.judging import FiledFor, make_judge
from workers_anaf.xml import parse

DATA = Path(__file__).parents[2] / "services" / "anaf-efactura" / "tests" / "data"
LINES = 500
"""Of the long invoice."""
AIM = 50
"""Invoices a second and core."""


def documents() -> dict[str, bytes]:
    """Return a minimal invoice, a credit note, one that uses every group, and a long one."""
    found = {path.stem: path.read_bytes() for path in sorted(DATA.glob("*.xml"))}
    text = found["invoice"].decode()
    start, end = text.index("<cac:InvoiceLine>"), text.index("</Invoice>")
    line = text[start:end].split("</cac:InvoiceLine>")[0] + "</cac:InvoiceLine>"
    long = text[:start] + line * LINES + text[end:]
    return {**found, f"{LINES} lines": _summed(long).encode()}


def _summed(text: str) -> str:
    """Correct the sums of an invoice whose first line (200.00 at 21 %) is there LINES times."""
    net, vat = 200 * LINES, 42 * LINES
    second = text.index("<cac:TaxSubtotal>", text.index("<cac:TaxSubtotal>") + 1)
    text = text[:second] + text[text.index("</cac:TaxTotal>") :]
    for old, new in (("45.08", vat), ("200.00", net), ("42.00", vat), ("228.00", net)):
        head, tail = text.split("<cac:InvoiceLine>", 1)
        text = head.replace(f">{old}<", f">{new}.00<") + "<cac:InvoiceLine>" + tail
    return text.replace(">273.08<", f">{net + vat}.00<")


def spent(work: Callable[[], object]) -> float:
    """Return the processor seconds of one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Measure each document; medians in milliseconds, and what follows from them."""
    judge, schema = make_judge(None), find(None)
    if schema is None:
        raise SystemExit("bench_rules: the schema's files are not installed; run ./justw install")
    results = {}
    for name, content in documents().items():
        root = parse(content)
        if (verdict := judge.judge(content, FiledFor())).findings:
            raise SystemExit(f"bench_rules: {name} is not a good document: {verdict.findings[:3]}")
        tasks = {
            "judge": lambda: judge.judge(content, FiledFor()),  # noqa: B023 - called in this round
            "lxml": lambda: etree.fromstring(content),  # noqa: B023 - as above
            "schema": lambda: schema.check(root),  # noqa: B023 - as above
        }
        samples: dict[str, list[float]] = {key: [] for key in tasks}
        for _ in range(max(3, rounds if len(content) < 50_000 else rounds // 20)):
            for key, work in tasks.items():
                samples[key].append(spent(work))
        median = {key: statistics.median(values) for key, values in samples.items()}
        results[name] = {
            "bytes": len(content),
            **{f"{key}_ms": value * 1000 for key, value in median.items()},
            "per_second": 1 / median["judge"],
            "ratio_to_lxml": median["judge"] / median["lxml"],
        }
    return results


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=200, help="verdicts on each document")
    parser.add_argument("--aim", type=float, default=AIM, help="invoices a second and core")
    parser.add_argument("--json", type=Path, help="write the result to this file, too")
    options = parser.parse_args()
    results = measure(options.rounds)
    for name, figures in results.items():
        print(
            f"{name:<12} {figures['bytes']:>8.0f} B  {figures['judge_ms']:8.2f} ms  "
            f"{figures['per_second']:7.0f} a second  {figures['ratio_to_lxml']:5.0f} x lxml  "
            f"schema {figures['schema_ms']:.2f} ms"
        )
    usual = min(figures["per_second"] for name, figures in results.items() if "lines" not in name)
    met = usual >= options.aim
    said = f"slowest usual invoice: {usual:.0f} a second and core, wanted {options.aim:g}"
    print(f"{said}: {'met' if met else 'not met'}")
    whole = {"rounds": options.rounds, "python": platform.python_version(), "documents": results}
    if options.json:
        options.json.write_text(json.dumps(whole) + "\n", encoding="utf-8")
    if not met:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
