"""FMEA rows from component types: failure modes are data, occurrence follows from each component's own MTBF.

Severity, occurrence and detection are ranks from 1 to 10 as in IEC 60812:2018, annex B; RPN is their product. [1]_

References
----------
.. [1] IEC 60812:2018, Failure modes and effects analysis (FMEA and FMECA).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from core.plant import Plant
from core.settings import HOURS_PER_YEAR

#: Failures a year from which each occurrence rank counts: rank 1 below the first, 10 from the last on.
OCCURRENCE_PER_YEAR = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)


def fmea_table(plant: Plant) -> pd.DataFrame:
    """Return one row a failure mode of each component; types without own modes get the general one."""
    components = plant["reliability"]
    modes = failure_modes()
    known = components["type"].where(components["type"].isin(modes["component_type"]), "")
    rows = components.assign(component_type=known).merge(modes, on="component_type", how="left", sort=False)
    per_year = HOURS_PER_YEAR / rows["mtbf_h"].where(rows["mtbf_h"] > 0) * rows["share_pct"] / 100
    rank = pd.Series(np.searchsorted(OCCURRENCE_PER_YEAR, per_year, side="right") + 1, index=rows.index, dtype="Int64")
    rows["occurrence"] = rank.mask(per_year.isna())
    rows["rpn"] = rows["severity"] * rows["occurrence"] * rows["detection"]
    return rows.reset_index(drop=True)


@cache
def failure_modes() -> pd.DataFrame:
    """Return the failure modes of each component type; the empty type holds for every other one."""
    path = Path(__file__).with_name("failure_modes.csv")
    return pd.read_csv(path, keep_default_na=False).astype({"severity": "Int64", "detection": "Int64"})
