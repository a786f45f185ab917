"""What a plant's units count as firm capacity: one definition for optimiser, screening and block diagram.

A battery counts with the power that it holds for ``firm_battery_h``, four hours where nothing else is said: the
duration by which North American capacity markets accredit storage.
"""

from __future__ import annotations

import pandas as pd

from core.plant.model import INVERTER, Plant


def firm_battery_mw(power_mw: pd.Series, energy_mwh: pd.Series, hours: float) -> pd.Series:
    """Return the power [MW] that batteries hold for so many hours; one whose energy nobody knows counts nothing."""
    return power_mw.clip(upper=energy_mwh.fillna(0.0) / hours) if hours > 0 else power_mw


def firm_units_mw(plant: Plant) -> pd.Series:
    """Return the firm power [MW] of every unit that isn't offline, by id; wind and sun have none."""
    units = plant["unit"]
    units = units[(units["status"] != "Offline") & ~units["type"].isin({"PV", "WIND"})].set_index("id")
    battery = firm_battery_mw(units["rated_mw"], units["energy_mwh"], plant.settings.firm_battery_h)
    return units["rated_mw"].where(units["type"] != "BESS", battery)


def dispatchable_mw(plant: Plant) -> pd.Series:
    """Return the rated power [MW] of machines and grid connections that aren't offline, by id: there on demand."""
    units = plant["unit"].drop_duplicates("id").set_index("id")
    return units.loc[(units["status"] != "Offline") & ~units["type"].isin(INVERTER), "rated_mw"]
