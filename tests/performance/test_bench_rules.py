"""The benchmark of the rules runs and says whether its aim is met; the suite asks for no speed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("bench_rules.py")


@pytest.mark.parametrize(("aim", "code", "said"), [("0.001", 0, "met"), ("1e9", 1, "not met")])
def test_benchmark_of_the_rules_says_whether_its_aim_is_met(
    tmp_path: Path, aim: str, code: int, said: str
):
    out = tmp_path / "figures.json"
    command = [sys.executable, str(PROGRAM), "--rounds", "3", "--aim", aim, "--json", str(out)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert done.stdout.rstrip().endswith(f"wanted {float(aim):g}: {said}")
    documents = json.loads(out.read_text("utf-8"))["documents"]
    assert {"invoice", "credit_note", "full", "500 lines"} <= set(documents)
    for figures in documents.values():
        assert figures["per_second"] == pytest.approx(1000 / figures["judge_ms"])
