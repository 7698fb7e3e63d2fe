"""Run the benchmark: `./justw bench-pdf [--documents N] [--rounds N] [--soak N] [--json FILE]`."""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from pdf_render.templating import Templates
from workers_contracts.pdf import RenderPdf
from workers_stack.servers import chromium_program

from . import __doc__ as about
from .environment import node_modules, python
from .report import OURS, lines, result
from .soak import run as run_soak

HERE = Path(__file__).parent
NAIVE = "pyppeteer, a launch each"
LINES = 12
"""Of the invoice that is printed."""


def invoice() -> str:
    """Return the document: the shipped invoice template, filled."""
    party = {"name": "Furnizor Test SRL", "cui": "RO12345674", "address": ["Strada Exemplului 1"]}
    line = {"name": "Servicii de consultanță", "quantity": 2, "price": "125.5", "vat_rate": 21}
    data = {
        "number": "PMX-2026-0001",
        "issue_date": "2026-03-02",
        "seller": party,
        "buyer": party,
        "lines": [line] * LINES,
    }
    return Templates().render(RenderPdf(template="invoice", data=data), None).html.decode()


def contenders() -> dict[str, list[str]]:
    """Return each one's command line, ours first."""
    other = str(python())
    found = {
        OURS: [sys.executable, "-m", "bench_pdf.run_pdf_render"],
        NAIVE: [other, str(HERE / "run_pyppeteer.py")],
        "playwright": [other, str(HERE / "run_playwright.py")],
    }
    if modules := node_modules():
        script = str(HERE / "run_puppeteer.mjs")
        found["puppeteer-core"] = ["node", script, "--modules", str(modules)]
    return found


def one_round(command: list[str], arguments: list[str], documents: int) -> dict[str, float]:
    """Run one contender once."""
    environment = os.environ | {"PYTHONPATH": str(HERE.parent), "LOG_LEVEL": "ERROR"}
    # As root a browser with its sandbox is another matter for each of them: off for all.
    safe = [] if os.geteuid() else ["--no-sandbox"]
    full = [*command, *arguments, *safe, "--documents", str(documents)]
    done = subprocess.run(full, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    # What a library prints beside it does not count.
    return json.loads(next(one for one in done.stdout.splitlines() if one.startswith("{")))


def measure(options: argparse.Namespace, html: Path, chromium: Path) -> dict[str, object]:
    """Run all contenders, interleaved."""
    taking_part = contenders()
    samples: dict[str, list[dict[str, float]]] = {name: [] for name in taking_part}
    given = ["--chromium", str(chromium), "--html", str(html), "--parallel", str(options.parallel)]
    for number in range(options.rounds):
        for name in random.sample(list(taking_part), len(taking_part)):
            print(f"round {number + 1} of {options.rounds}: {name}", file=sys.stderr)
            # A launch takes long: a tenth of the documents tells enough.
            documents = max(options.documents // (10 if name == NAIVE else 1), options.parallel)
            samples[name].append(one_round(taking_part[name], given, documents))
    settings = {
        "documents": options.documents,
        "rounds": options.rounds,
        "parallel": options.parallel,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    return result(samples, settings)


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(prog="justw bench-pdf", description=about)
    parser.add_argument("--documents", type=int, default=100, help="of each round")
    parser.add_argument("--rounds", type=int, default=3, help="for each contender")
    parser.add_argument("--parallel", type=int, default=2, help="documents at once")
    parser.add_argument("--soak", type=int, default=0, help="also render so many in one browser")
    parser.add_argument("--only-soak", action="store_true", help="leave the comparison out")
    parser.add_argument("--json", type=Path, help="write the result to this file, too")
    options = parser.parse_args()
    chromium = chromium_program()
    if chromium is None:
        sys.exit("bench-pdf: needs Chromium: run `./justw servers`")
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        html = Path(folder) / "invoice.html"
        html.write_text(invoice(), "utf-8")
        if not options.only_soak:
            found = measure(options, html, chromium)
            print("\n".join(lines(found)), file=sys.stderr)
        if options.soak:
            found["soak"] = run_soak(options.soak, chromium, html.read_text("utf-8"))
    text = json.dumps(found)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
