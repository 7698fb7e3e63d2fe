"""The benchmark of the rules runs and tells what it promises."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("bench_rules.py")


def test_benchmark_of_the_rules_tells_the_ratio_of_each_document(tmp_path: Path):
    out = tmp_path / "figures.json"
    command = [sys.executable, str(PROGRAM), "--rounds", "40", "--json", str(out)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    documents = json.loads(out.read_text("utf-8"))["documents"]
    assert {"invoice", "credit_note", "full", "500 lines"} <= set(documents)
    assert all(one["ratio_to_lxml"] > 1 for one in documents.values()), documents
    assert "slowest usual invoice" in done.stdout
