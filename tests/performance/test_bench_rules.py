"""The benchmark of the rules runs, and its promise holds by ratio, which a busy machine keeps."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("bench_rules.py")
MOST = 150
"""Times bare lxml for a usual invoice: at a tenth of a millisecond a parse, over 60 a second."""


def test_usual_invoices_are_judged_within_the_promised_ratio(tmp_path: Path):
    out = tmp_path / "figures.json"
    command = [sys.executable, str(PROGRAM), "--rounds", "40", "--json", str(out)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    documents = json.loads(out.read_text("utf-8"))["documents"]
    assert set(documents) == {"invoice", "credit_note", "full", "500 lines"}
    for name in ("invoice", "credit_note", "full"):
        assert documents[name]["ratio_to_lxml"] < MOST, documents[name]
    assert "slowest usual invoice" in done.stdout
