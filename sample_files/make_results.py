"""Write the sample results: what ETAP, PSS/E and Windchill RAM would answer for the sample plant.

The passing files hold the hub's own studies of the plant in each tool's columns, rounded as a report prints them. A
failing file differs from its passing one in the cells that the demo is about. To write them again:

    python sample_files/make_results.py
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from core.embedded import base_scenario, embedded_study
from core.plant import Plant, generate_scenarios, sample_plant

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


def on_one_bus() -> Plant:
    """Return the integration package's own sample: ten machines and a battery on one 13.8 kV bus."""
    machine = {"rated_kv": 13.8, "rated_pf": 0.85, "status": "Online", "redundancy_group": "THERMAL"}
    engine = machine | {
        "type": "RECIPROCATING_ENGINE",
        "rated_mw": 18.3,
        "rated_mva": 21.5,
        "xd_pu": 1.8,
        "v_set_pu": 1.01,
    }
    engine |= {"xd_prime_pu": 0.25, "xd_double_prime_pu": 0.18, "h_s": 1.5}
    turbine = machine | {"type": "GAS_TURBINE", "rated_mw": 50.0, "rated_mva": 58.8, "xd_pu": 1.5, "v_set_pu": 1.01}
    turbine |= {"xd_prime_pu": 0.22, "xd_double_prime_pu": 0.15, "h_s": 3.0}
    engines = {f"GEN_RECIP_{i:02}": f"BUS_{99 + i}" for i in range(1, 9)}
    turbines = {f"GEN_GT_{i:02}": f"BUS_{119 + i}" for i in (1, 2)}
    units = [engine | {"id": unit, "name": f"Recip Engine {unit[-1]}", "bus": bus} for unit, bus in engines.items()]
    units += [turbine | {"id": unit, "name": f"Gas Turbine {unit[-1]}", "bus": bus} for unit, bus in turbines.items()]
    battery = {"id": "BESS_01", "name": "Battery 1", "type": "BESS", "bus": "BUS_200", "rated_kv": 13.8}
    units.append(battery | {"rated_mw": 30.0, "rated_mva": 33.3, "energy_mwh": 120.0, "status": "Standby"})
    parts = [
        (u["id"], u["name"], 8760, 24) if "RECIP" in u["id"] else (u["id"], u["name"], 17520, 48) for u in units[:10]
    ]
    parts += [("XFMR_MAIN", "Main transformer", 175200, 168), ("SWGR_MAIN", "Main switchgear", 87600, 24)]
    parts += [("CB_MAIN_1", "Main breaker 1", 350400, 4), ("CB_MAIN_2", "Main breaker 2", 350400, 4)]
    parts.append(("BESS_01", "Battery 1", 17520, 24))
    parts.append(("CTRL_PLANT", "Plant control system", 43800, 4))
    z_base, feeds = 13.8**2 / 100, engines | turbines
    plant = Plant.of(
        "Everything on one 13.8 kV bus",
        {
            "bus": [
                {"id": bus, "number": int(bus[4:]), "name": name, "kv": 13.8}
                for bus, name in [*((bus, unit[4:] + "_BUS") for unit, bus in feeds.items()), ("BUS_200", "MAIN_BUS")]
            ],
            "unit": units,
            "cable": [
                {"id": unit.replace("GEN", "FEED"), "from_bus": bus, "to_bus": "BUS_200", "rated_a": 4000}
                | (
                    {"r_ohm": 0.001 * z_base, "x_ohm": 0.01 * z_base}
                    if unit in engines
                    else {"r_ohm": 0.0005 * z_base, "x_ohm": 0.008 * z_base}
                )
                for unit, bus in feeds.items()
            ],
            "load": [{"id": "LOAD_MAIN", "name": "Data halls", "bus": "BUS_200", "p_mw": 200, "pf": 0.95}],
            "breaker": [
                {"id": "CB_MAIN_1", "bus": "BUS_200", "rated_kv": 15, "breaking_ka": 63},
                {"id": "CB_MAIN_2", "bus": "BUS_200", "rated_kv": 15, "breaking_ka": 63},
                *(
                    {
                        "id": unit.replace("GEN", "CB"),
                        "bus": bus,
                        "element": unit,
                        "rated_kv": 15,
                        "breaking_ka": 40 if unit in engines else 50,
                    }
                    for unit, bus in feeds.items()
                ),
            ],
            "reliability": [{"id": i, "name": name, "mtbf_h": mtbf, "mttr_h": mttr} for i, name, mtbf, mttr in parts],
            "block": [
                {
                    "id": "THERMAL_GEN",
                    "name": "Thermal Generation",
                    "type": "PARALLEL_K_OF_N",
                    "k": 9,
                    "members": ",".join(unit["id"] for unit in units[:10]),
                },
                {"id": "MAIN_BREAKERS", "type": "PARALLEL", "members": "CB_MAIN_1,CB_MAIN_2", "k": 1},
                {
                    "id": "ELECTRICAL",
                    "name": "Electrical Distribution",
                    "type": "SERIES",
                    "members": "XFMR_MAIN,SWGR_MAIN,MAIN_BREAKERS",
                },
                {
                    "id": "SYSTEM",
                    "name": "Complete System",
                    "type": "SERIES",
                    "members": "THERMAL_GEN,ELECTRICAL,CTRL_PLANT",
                },
            ],
        },
    )
    return plant.with_table("scenario", generate_scenarios(plant))


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

    paper = on_one_bus()
    write_paper_results(paper)
    document = json.dumps(paper.to_document(), indent=1, ensure_ascii=False)
    (HERE / "passes_on_paper" / "plant.json").write_text(document + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
