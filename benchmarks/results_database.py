"""8,760 hours × 118 buses into SQLite and back as one table, against the same with pandas' own SQL."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd

from core.results import database
from core.results.database.comparison import compare_tables
from core.settings import load_settings
from core.store import open_store

HOURS, BUSES = 8760, 118
STEPS_TOGETHER = 438


def year() -> pd.DataFrame:
    """Return a year of the buses' results."""
    generator, size = np.random.default_rng(1), HOURS * BUSES
    stamps = pd.date_range("2025-01-01", periods=HOURS, freq="h").strftime("%Y-%m-%dT%H:%M:%S").to_numpy(dtype=object)
    names = np.array([f"Bus_{number}" for number in range(1, BUSES + 1)], dtype=object)
    values = {name: generator.normal(size=size) for name in ("p", "q", "v_mag", "angle_deg")}
    return pd.DataFrame(
        {
            "timestamp": np.repeat(stamps, BUSES),
            "bus": np.tile(np.arange(1, BUSES + 1), HOURS),
            "bus_name": np.tile(names, HOURS),
            "type": "PQ",
            **values,
            "vbase": 138.0,
        }
    )


def main() -> None:
    """Print times and ratios for writing, reading and comparing."""
    frame = year()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(load_settings(Path(folder) / "workspace"))
        sim = database.begin(store, "year", "lightsim2grid", 100.0, frame["timestamp"].iloc[0], steps=HOURS)
        began = time.perf_counter()
        for first in range(0, len(frame), STEPS_TOGETHER * BUSES):
            part = frame.iloc[first : first + STEPS_TOGETHER * BUSES]
            database.insert_tables(store, sim, {"bus": part}, steps=STEPS_TOGETHER)
        wrote = time.perf_counter() - began
        began = time.perf_counter()
        back = database.get_bus_data(store, sim)
        read = time.perf_counter() - began
        pd.testing.assert_frame_equal(back, frame)
        with closing(sqlite3.connect(str(store.engine.url.database))) as connection:
            began = time.perf_counter()
            query = f"SELECT {', '.join(frame)} FROM lightsim2grid_bus_results ORDER BY timestamp, bus"
            pd.read_sql_query(query, connection)
            theirs_read = time.perf_counter() - began
        with closing(sqlite3.connect(Path(folder) / "plain.sqlite")) as connection:
            began = time.perf_counter()
            frame.to_sql("bus", connection, index=False)
            theirs_wrote = time.perf_counter() - began
        began = time.perf_counter()
        compare_tables(back, frame, "bus").summary()
        compared = time.perf_counter() - began
        store.close()
    print(f"written in {wrote:.1f} s, {theirs_wrote / wrote:.2f} times as fast as pandas (which makes no index)")
    print(f"read in {read:.2f} s, {theirs_read / read:.2f} times as fast as pandas")
    print(f"compared in {compared:.1f} s")


if __name__ == "__main__":
    main()
