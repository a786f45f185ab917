"""The arc-flash model of IEEE 1584-2018, vectorised: arcing current, incident energy, arc-flash boundary.

References
----------
.. [1] IEEE Std 1584-2018, IEEE Guide for Performing Arc-Flash Hazard Calculations: its equations and Tables 1 to 7.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: What is needed of each piece of equipment.
EQUIPMENT_COLUMNS = (
    "voltage_kv", "configuration", "gap_mm", "working_distance_mm", "height_mm", "width_mm", "depth_mm",
)  # fmt: skip
ENCLOSED = ("VCB", "VCBB", "HCB")
OPEN_AIR = ("VOA", "HOA")
CONFIGURATIONS = (*ENCLOSED, *OPEN_AIR)

#: Voltages for which the coefficients are given; between them the results are interpolated [kV].
LEVELS_KV = (0.6, 2.7, 14.3)
LOW_VOLTAGE_KV = 0.6

J_PER_CAL = 4.184
#: Incident energy at the arc-flash boundary: onset of a second-degree burn [J/cm²].
BOUNDARY_J_CM2 = 1.2 * J_PER_CAL
#: The conversion that the standard prints in Table 6 [in/mm].
_INCH_PER_MM = 0.03937


def arc_flash(equipment: pd.DataFrame, bolted_ka: Array, clearing_s: Array, reduced_clearing_s: Array) -> pd.DataFrame:
    """Return arcing currents, incident energies and boundaries, one row a piece of equipment.

    Parameters
    ----------
    equipment
        The columns of :data:`EQUIPMENT_COLUMNS`.
    bolted_ka
        Bolted three-phase fault current [kA].
    clearing_s, reduced_clearing_s
        Arc duration at the full and at the reduced arcing current [s].

    Returns
    -------
    pd.DataFrame
        ``arcing_ka, energy_j_cm2, boundary_mm`` at the full arcing current, the same with ``reduced_`` in front,
        ``enclosure_factor``, and ``energy_cal_cm2`` and ``worst_boundary_mm`` of the worse of both. Rows outside the
        model's range (:func:`out_of_range`) are missing.
    """
    equipment = equipment.reset_index(drop=True)
    inside = (out_of_range(equipment, bolted_ka) == "").to_numpy()
    rows, bolted = equipment[inside], np.asarray(bolted_ka, dtype=float)[inside]
    factor = enclosure_factor(rows)
    full = _three_levels(rows, bolted)
    reduction = 1 - 0.5 * current_variation(rows)  # equation (2)
    low = rows["voltage_kv"].to_numpy() <= LOW_VOLTAGE_KV
    answer: dict[str, Array] = {"enclosure_factor": factor}
    for prefix, share, duration_s in (("", 1.0, clearing_s), ("reduced_", reduction, reduced_clearing_s)):
        levels = full * share
        arcing = _final_current(rows, full, bolted) * share
        arcing = np.where(low, arcing, _interpolate(rows, levels))
        seconds = np.asarray(duration_s, dtype=float)[inside]
        energies, boundaries = _energy(
            rows, np.where(low, full, levels), np.where(low, arcing, levels), bolted, seconds
        )
        answer[f"{prefix}arcing_ka"] = arcing
        answer[f"{prefix}energy_j_cm2"] = np.where(low, energies[0], _interpolate(rows, energies))
        answer[f"{prefix}boundary_mm"] = np.where(low, boundaries[0], _interpolate(rows, boundaries))
    table = pd.DataFrame(answer, index=rows.index).reindex(equipment.index)
    energy = table[["energy_j_cm2", "reduced_energy_j_cm2"]].max(axis=1) / J_PER_CAL
    return table.assign(
        energy_cal_cm2=energy, worst_boundary_mm=table[["boundary_mm", "reduced_boundary_mm"]].max(axis=1)
    )


def out_of_range(equipment: pd.DataFrame, bolted_ka: Array) -> pd.Series:
    """Return why a row is outside the model's range, empty where it is inside."""
    v, gap = equipment["voltage_kv"], equipment["gap_mm"]
    low = v <= LOW_VOLTAGE_KV
    bolted = pd.Series(np.asarray(bolted_ka, dtype=float), index=equipment.index)
    enclosed = equipment["configuration"].isin(ENCLOSED)
    reasons = {
        "electrode configuration is none of VCB, VCBB, HCB, VOA, HOA": ~equipment["configuration"].isin(CONFIGURATIONS),
        "voltage is not within 0.208 to 15 kV": ~v.between(0.208, 15.0),
        "fault current is not within 0.5 to 106 kA (up to 600 V) or 0.2 to 65 kA": ~bolted.between(0.5, 106.0).where(
            low, bolted.between(0.2, 65.0)
        ),
        "gap is not within 6.35 to 76.2 mm (up to 600 V) or 19.05 to 254 mm": ~gap.between(6.35, 76.2).where(
            low, gap.between(19.05, 254.0)
        ),
        "working distance is below 305 mm": ~(equipment["working_distance_mm"] >= 305),
        "enclosure is narrower than four gaps": enclosed & ~(equipment["width_mm"] >= 4 * gap),
        "enclosure has no height or depth": enclosed & ~(equipment[["height_mm", "depth_mm"]] > 0).all(axis=1),
    }
    return pd.Series(np.select(list(reasons.values()), list(reasons), ""), index=equipment.index)


def current_variation(rows: pd.DataFrame) -> Array:
    """Return the arcing-current variation factor VarC_f below equation (2), Table 2."""
    k = _coefficients("variation.csv", rows["configuration"])
    return _polynomial(k, rows["voltage_kv"].to_numpy())


def enclosure_factor(rows: pd.DataFrame) -> Array:
    """Return the enclosure size correction factor CF, equations (11) to (15), Tables 6 and 7; 1 in open air."""
    k = _coefficients("enclosure.csv", rows["configuration"])
    v = rows["voltage_kv"].to_numpy()
    height, width, depth = (rows[f"{side}_mm"].to_numpy(dtype=float) for side in ("height", "width", "depth"))
    shallow = (v < LOW_VOLTAGE_KV) & (height < 508) & (width < 508) & (depth <= 203.2)
    stretched = (v + k[:, 0]) / k[:, 1]
    flat_height = (rows["configuration"] == "VCB").to_numpy()
    width_1 = _equivalent(width, stretched, shallow, np.zeros(len(rows), dtype=bool))
    height_1 = _equivalent(height, stretched, shallow, flat_height)
    size = (height_1 + width_1) / 2  # EES, equation (13) [in]
    typical = _polynomial(k[:, 2:5], size)
    small = 1 / _polynomial(k[:, 5:8], size)
    enclosed = rows["configuration"].isin(ENCLOSED).to_numpy()
    return np.where(enclosed, np.where(shallow, small, typical), 1.0)


def _equivalent(side_mm: Array, stretched: Array, shallow: NDArray[np.bool_], flat: NDArray[np.bool_]) -> Array:
    """Return the equivalent side of Table 6 [in]; ``flat`` sides are only converted, up to 49 in."""
    capped = np.minimum(side_mm, 1244.6)
    grown = (660.4 + (capped - 660.4) * stretched) / 25.4  # equations (11) and (12)
    converted = np.where(flat & (side_mm > 1244.6), 49.0, _INCH_PER_MM * side_mm)
    small = np.where(shallow, _INCH_PER_MM * side_mm, 20.0)
    return np.where(side_mm < 508, small, np.where((side_mm <= 660.4) | flat, converted, grown))


def _three_levels(rows: pd.DataFrame, bolted: Array) -> Array:
    """Return the intermediate arcing currents at 600, 2700 and 14300 V, equation (1), Table 1, levels × rows [kA]."""
    gap = np.log10(rows["gap_mm"].to_numpy(dtype=float))
    levels = []
    for level in LEVELS_KV:
        k = _coefficients("arcing_current.csv", rows["configuration"], level)
        powers = k[:, 0] + k[:, 1] * np.log10(bolted) + k[:, 2] * gap
        levels.append(10**powers * _polynomial(k[:, 3:10], bolted))
    return np.stack(levels)


def _final_current(rows: pd.DataFrame, levels: Array, bolted: Array) -> Array:
    """Return the arcing current up to 600 V, equation (25) [kA]."""
    v = np.minimum(rows["voltage_kv"].to_numpy(dtype=float), LOW_VOLTAGE_KV)
    bracket = 1 / levels[0] ** 2 - (LOW_VOLTAGE_KV**2 - v**2) / (LOW_VOLTAGE_KV**2 * bolted**2)
    return np.asarray(1 / np.sqrt((LOW_VOLTAGE_KV / v) ** 2 * bracket), dtype=float)


def _energy(rows: pd.DataFrame, arc: Array, final: Array, bolted: Array, seconds: Array) -> tuple[Array, Array]:
    """Return intermediate energies, equations (3) to (6) [J/cm²], and boundaries, (7) to (10) [mm], levels × rows.

    The coefficients are those of Tables 3 to 5.
    ``arc`` is the intermediate arcing current; ``final`` the one in the logarithm, which differs up to 600 V.
    The boundary is the distance at which the energy, a power of the distance, falls to :data:`BOUNDARY_J_CM2`.
    """
    gap, distance = rows["gap_mm"].to_numpy(dtype=float), rows["working_distance_mm"].to_numpy(dtype=float)
    size = np.log10(1 / enclosure_factor(rows))
    energies, boundaries = [], []
    for number, level in enumerate(LEVELS_KV):
        k = _coefficients("incident_energy.csv", rows["configuration"], level)
        zero = np.zeros((len(rows), 1))
        fraction = k[:, 2] * arc[number] / _polynomial(np.hstack([k[:, 3:10], zero]), bolted)
        logarithms = k[:, 10] * np.log10(bolted) + k[:, 12] * np.log10(final[number]) + size
        exponent = k[:, 0] + k[:, 1] * np.log10(gap) + fraction + logarithms + k[:, 11] * np.log10(distance)
        energy = 12.552 / 50 * 1000 * seconds * 10**exponent
        energies.append(energy)
        with np.errstate(divide="ignore"):
            boundaries.append(np.where(energy > 0, distance * (BOUNDARY_J_CM2 / energy) ** (1 / k[:, 11]), 0.0))
    return np.stack(energies), np.stack(boundaries)


def _interpolate(rows: pd.DataFrame, levels: Array) -> Array:
    """Return the value at the equipment's voltage from the three levels, equations (16) to (24)."""
    v = rows["voltage_kv"].to_numpy(dtype=float)
    first = (levels[1] - levels[0]) / 2.1 * (v - 2.7) + levels[1]
    second = (levels[2] - levels[1]) / 11.6 * (v - 14.3) + levels[2]
    third = first * (2.7 - v) / 2.1 + second * (v - 0.6) / 2.1
    return np.asarray(np.where(v > 2.7, second, third), dtype=float)


def _polynomial(k: Array, x: Array) -> Array:
    """Return the polynomial with each row's own coefficients, highest power first."""
    value = np.zeros(len(k))
    for column in k.T:
        value = value * x + column
    return value


@cache
def _table(file: str) -> pd.DataFrame:
    return pd.read_csv(Path(__file__).with_name(file))


def _coefficients(file: str, configuration: pd.Series, level: float | None = None) -> Array:
    """Return a table's coefficients for each row's electrode configuration; missing where the table has none."""
    table = _table(file)
    if level is not None:
        table = table[table["voltage_kv"] == level].drop(columns="voltage_kv")
    return np.asarray(table.set_index("configuration").reindex(configuration).to_numpy(), dtype=float)
