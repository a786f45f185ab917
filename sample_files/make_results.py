"""Write the sample results: what ETAP, PSS/E and Windchill RAM would answer for the sample plant.

The passing files hold the hub's own studies of the plant in each tool's columns, rounded as a report prints them. A
failing file differs from its passing one in the cells that the demo is about. The plant that passes on paper only is
the integration package's own sample: ten machines and a battery on one 13.8 kV bus. To write the results again:

    python sample_files/make_results.py
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from core.embedded import base_scenario, embedded_study
from core.formats.plant_file import read_plant
from core.plant import Plant, sample_plant

HERE = Path(__file__).parent


def load_flow(plant: Plant) -> pd.DataFrame:
    rows = embedded_study(plant, "load_flow", [base_scenario(plant) or ""]).main
    return pd.DataFrame(
        {
            "Bus_ID": rows["bus"],
            "Bus_Name": rows["name"],
            "Voltage_kV": (rows["v_pu"].round(3) * rows["base_kv"]).round(3),
            "Voltage_pu": rows["v_pu"].round(3),
            "Angle_deg": rows["angle_deg"].round(1) + 0.0,
            "P_MW": rows["p_mw"].round(1) + 0.0,
            "Q_MVAR": rows["q_mvar"].round(1) + 0.0,
            "Loading_pct": rows["loading_pct"].round(1),
        }
    )


def short_circuit(plant: Plant) -> pd.DataFrame:
    rows = embedded_study(plant, "short_circuit").main
    current = rows["ik_ka"].round(1)
    return pd.DataFrame(
        {
            "Bus_ID": rows["bus"],
            "Bus_Name": rows["bus"].map(plant["bus"].set_index("id")["name"]),
            "Fault_Type": "3-Phase",
            "Isc_kA": current,
            "X_R_Ratio": rows["x_r"].round(1),
            "Breaker_Rating_kA": rows["rating_ka"],
            "Duty_pct": (current / rows["rating_ka"] * 100).round(1),
        }
    )


def power_flow(plant: Plant) -> pd.DataFrame:
    scenario = [base_scenario(plant) or ""]
    flow = embedded_study(plant, "load_flow", scenario)
    rows, machines = flow.main, flow.tables["generators"]
    buses = plant["bus"].set_index("id")
    made = machines.groupby("bus")[["p_mw", "q_mvar"]].sum().reindex(rows["bus"]).fillna(0.0).reset_index(drop=True)
    drawn = made - rows[["p_mw", "q_mvar"]].reset_index(drop=True)
    return pd.DataFrame(
        {
            "BUS": rows["bus"].map(buses["number"]),
            "NAME": rows["name"],
            "VM_PU": rows["v_pu"].round(4),
            "VA_DEG": rows["angle_deg"].round(2) + 0.0,
            "P_GEN_MW": made["p_mw"].round(1),
            "Q_GEN_MVAR": made["q_mvar"].round(1),
            "P_LOAD_MW": drawn["p_mw"].round(1) + 0.0,
            "Q_LOAD_MVAR": drawn["q_mvar"].round(1) + 0.0,
        }
    )


def availability(plant: Plant) -> pd.DataFrame:
    rows = embedded_study(plant, "availability").main
    cycle = (rows["mtbf_h"] + rows["mttr_h"]).round(0)  # Windchill's MTBF counts the repair as well
    return pd.DataFrame(
        {
            "Block_ID": rows["block"],
            "Block_Name": rows["name"],
            "Availability": rows["availability"].round(7),
            "MTBF_Hours": cycle,
            "MTTR_Hours": (cycle * (1 - rows["availability"])).round(4),
            "Annual_Downtime_Hours": (8760 * (1 - rows["availability"])).round(3),
        }
    )


def write_paper_results(plant: Plant) -> None:
    """Write results with the integration package's own numbers: every criterion is met, physics says otherwise."""
    kinds = plant["bus"]["name"].str.extract("(RECIP|GT|MAIN)")[0]
    volts, angle = (
        kinds.map({"RECIP": 1.01, "GT": 1.01, "MAIN": 1.0}),
        kinds.map({"RECIP": 2.3, "GT": 1.8, "MAIN": 0.0}),
    )
    p_mw, q_mvar = (
        kinds.map({"RECIP": 14.9, "GT": 40.7, "MAIN": -200.0}),
        kinds.map({"RECIP": 4.9, "GT": 13.4, "MAIN": -65.7}),
    )
    bus = {"Bus_ID": plant["bus"]["id"], "Bus_Name": plant["bus"]["name"]}
    loading = kinds.map({"RECIP": 72.5, "GT": 74.0, "MAIN": 75.2})
    flow = {
        "Voltage_kV": (volts * 13.8).round(3),
        "Voltage_pu": volts,
        "Angle_deg": angle,
        "P_MW": p_mw,
        "Q_MVAR": q_mvar,
    }
    write("passes_on_paper", "ETAP_LoadFlow_Results.csv", pd.DataFrame({**bus, **flow, "Loading_pct": loading}))
    current = kinds.map({"RECIP": 28.5, "GT": 35.2, "MAIN": 42.8})
    rating = kinds.map({"RECIP": 40.0, "GT": 50.0, "MAIN": 63.0})
    fault = {"Fault_Type": "3-Phase", "Isc_kA": current, "X_R_Ratio": 14.2, "Breaker_Rating_kA": rating}
    duty = (current / rating * 100).round(1)
    write("passes_on_paper", "ETAP_ShortCircuit_Results.csv", pd.DataFrame({**bus, **fault, "Duty_pct": duty}))
    made = {"P_GEN_MW": p_mw.clip(lower=0), "Q_GEN_MVAR": q_mvar.clip(lower=0)}
    drawn = {"P_LOAD_MW": -p_mw.clip(upper=0) + 0.0, "Q_LOAD_MVAR": -q_mvar.clip(upper=0) + 0.0}
    solved = {"BUS": plant["bus"]["number"], "NAME": plant["bus"]["name"], "VM_PU": volts, "VA_DEG": angle}
    write("passes_on_paper", "PSSe_PowerFlow_Results.csv", pd.DataFrame({**solved, **made, **drawn}))
    blocks = pd.DataFrame(
        [
            ("THERMAL_GEN", "Thermal Generation", 0.99987, 76923, 10, 1.14),
            ("ELECTRICAL", "Electrical Distribution", 0.99965, 28571, 10, 3.07),
            ("SYSTEM", "Complete System", 0.99952, 20833, 10, 4.20),
        ],
        columns=["Block_ID", "Block_Name", "Availability", "MTBF_Hours", "MTTR_Hours", "Annual_Downtime_Hours"],
    )
    write("passes_on_paper", "RAM_Results.csv", blocks)


def write(folder: str, name: str, rows: pd.DataFrame) -> None:
    path = HERE / folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(rows.to_csv(index=False, lineterminator="\n"), encoding="utf-8")


def main() -> None:
    plant = sample_plant()
    flow, faults, buses, blocks = load_flow(plant), short_circuit(plant), power_flow(plant), availability(plant)
    write("ETAP", "ETAP_LoadFlow_Results_PASS.csv", flow)
    write("ETAP", "ETAP_ShortCircuit_Results.csv", faults)
    write("PSSe", "PSSe_PowerFlow_Results.csv", buses)
    write("Windchill_RAM", "RAM_Results_PASS.csv", blocks)

    low = flow.set_index("Bus_ID")
    low.loc[["BUS_301", "BUS_302"], "Voltage_pu"] = [0.938, 0.944]
    low["Voltage_kV"] = (low["Voltage_pu"] * plant["bus"].set_index("id")["kv"]).round(3)
    write("ETAP", "ETAP_LoadFlow_Results_FAIL.csv", low.reset_index())
    weak = faults.set_index("Bus_ID")
    weak.loc[["BUS_120", "BUS_121"], "Breaker_Rating_kA"] = 31.5
    weak["Duty_pct"] = (weak["Isc_kA"] / weak["Breaker_Rating_kA"] * 100).round(1)
    write("ETAP", "ETAP_ShortCircuit_Results_FAIL.csv", weak.reset_index())
    failed = blocks.set_index("Block_ID")
    for block, value in (("THERMAL_GEN", 0.99731), ("SYSTEM", 0.9972)):
        cycle = failed.loc[block, "MTBF_Hours"]
        row = [value, cycle, round(cycle * (1 - value), 2), round(8760 * (1 - value), 2)]
        failed.loc[block, ["Availability", "MTBF_Hours", "MTTR_Hours", "Annual_Downtime_Hours"]] = row
    write("Windchill_RAM", "RAM_Results_FAIL.csv", failed.reset_index())

    on_one_bus = HERE / "passes_on_paper" / "plant.json"
    write_paper_results(read_plant(on_one_bus.read_bytes(), on_one_bus.name).value)


if __name__ == "__main__":
    main()
