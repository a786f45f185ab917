"""A simulation as Parquet files: DuckDB reads from them the frames that the database gives."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import BadInput, StoreError
from core.results.database.results import get_data, get_farm_data
from core.results.database.simulations import simulation, software_of
from core.results.database.software import components
from core.store import Store
from core.store.files import write_whole


def export_parquet(store: Store, sim: int, folder: Path) -> list[Path]:
    """Write every table of a simulation that has rows, named as the database names it; return the files."""
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in _tables(store, simulation(store, sim).grid_sim_id):
            if frame.empty:
                continue
            file = folder / f"{name}.parquet"
            if file.exists():
                raise BadInput(f"{file} is there already", hint="choose another folder: nothing is overwritten")
            write_whole(file, as_parquet(frame))
            files.append(file)
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(f"{folder} can't be written: {reason}", hint="check the folder and the free space") from error
    return files


def as_parquet(frame: pd.DataFrame) -> bytes:
    """Return a frame of results as Parquet; a text column stays one when all its values are missing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds: dict[str, Any] = {"i": pa.int64(), "f": pa.float64(), "O": pa.string()}
    schema = pa.schema([(str(name), kinds[kind.kind]) for name, kind in frame.dtypes.items()])
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, schema, preserve_index=False), buffer, compression="zstd")
    return buffer.getvalue()


def _tables(store: Store, sim: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give one table after another: together they may not fit into memory."""
    for software in software_of(store, sim):
        for component in components(software):
            yield f"{software}_{component}_results", get_data(store, sim, component, software)
    yield "wec_simulations", get_farm_data(store, sim)
