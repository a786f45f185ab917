"""The test network of IEC TR 60909-4 and its published answers, as listed in pandapower's test of the same name."""

from __future__ import annotations

import math

from core.studies.short_circuit.fault_network import FaultNetwork

BUSES = {"1": 380, "2": 110, "3": 110, "4": 110, "5": 110, "6": 10, "7": 10, "8": 30, "HG1": 20, "HG2": 10}
HIDDEN = {"T5": 10, "T6": 10, "H": 30}

IK_KA = [40.6447, 31.7831, 19.6730, 16.2277, 33.1894, 37.5629, 25.5895, 13.5778, 52.4438, 80.5720]
IP_METHOD_C_KA = [100.5677, 80.6079, 45.8111, 36.8427, 83.4033, 98.1434, 51.6899, 36.9227]
IB_KA = [40.645, 31.570, 19.388, 16.017, 32.795, 34.028, 23.212, 13.578, 42.3867, 68.4172]
SK_MVA = [26751.51, 6055.49, 3748.20, 3091.78, 6323.43, 650.61, 443.22, 705.52, 1816.71, 1395.55]
IK1_KA = [24.6526, 15.9722, 10.4106, 9.0498, 17.0452]

#: Power station unit G2 with its transformer alone: high-voltage side, terminals.
UNIT_IK_KA = [1.9755, 39.5042]
UNIT_IP_KA = [5.2316, 104.1085]
UNIT_IB_KA = [1.6071, 27.3470]
UNIT_KAPPA = [1.8726, 1.8635]


def network() -> FaultNetwork:
    """Return the test network."""
    pair = {"s_hv_mva": 350, "s_mv_mva": 350, "s_lv_mva": 50, "v_hv_kv": 400, "v_mv_kv": 120, "v_lv_kv": 30}
    pair |= {"uk_hm_pct": 21, "ur_hm_pct": 0.26, "uk_ml_pct": 7, "ur_ml_pct": 0.16, "uk_hl_pct": 10, "ur_hl_pct": 0.16}
    pair |= {"uk0_hm_pct": 44.1, "ur0_hm_pct": 0.26, "uk0_ml_pct": 6.299627, "ur0_ml_pct": 0.03714286}
    pair |= {"uk0_hl_pct": 6.299627, "ur0_hl_pct": 0.03714286}
    small = {"s_hv_mva": 31.5, "s_mv_mva": 31.5, "s_lv_mva": 31.5, "v_hv_kv": 115, "v_mv_kv": 10.5, "v_lv_kv": 10.5}
    small |= {f"uk_{p}_pct": 12 for p in ("hm", "ml", "hl")} | {f"ur_{p}_pct": 0.5 for p in ("hm", "ml", "hl")}
    return FaultNetwork.of(
        50.0,
        bus=[{"id": name, "v_kv": kv} for name, kv in {**BUSES, **HIDDEN}.items()],
        feeder=[
            {"id": "Q1", "bus": "1", "sk_max_mva": 38 * 380 * math.sqrt(3), "r_x": 0.1, "x0_x": 3, "r0_x0": 0.15},
            {"id": "Q2", "bus": "5", "sk_max_mva": 16 * 110 * math.sqrt(3), "r_x": 0.1, "x0_x": 3.3, "r0_x0": 0.2},
        ],
        machine=[machine_1(), machine_2(), machine_3()],
        motor=[
            {"id": "M1", "bus": "7", "p_mw": 5, "cos_phi": 0.88, "efficiency": 0.975, "i_start_pu": 5, "r_x": 0.1},
            *(
                {
                    "id": f"M{n}",
                    "bus": "7",
                    "p_mw": 2,
                    "cos_phi": 0.89,
                    "efficiency": 0.968,
                    "i_start_pu": 5.2,
                    "r_x": 0.1,
                    "pole_pairs": 2,
                }
                for n in (2, 3)
            ),
        ],
        transformer=[transformer_1(), transformer_2()],
        star=[
            {"id": "T3", "hv_bus": "1", "mv_bus": "2", "lv_bus": "H", "connection": "YNyd", **pair},
            {"id": "T4", "hv_bus": "1", "mv_bus": "2", "lv_bus": "8", "connection": "Yynd", **pair},
            {"id": "T5", "hv_bus": "5", "mv_bus": "6", "lv_bus": "T5", "connection": "Yyd", **small},
            {"id": "T6", "hv_bus": "5", "mv_bus": "6", "lv_bus": "T6", "connection": "Yynd", "zn_mv_ohm": 100, **small},
        ],
        line=[
            line("L1", "2", "3", 20, 0.12, 0.39, 0.32, 1.26),
            line("L2", "3", "4", 10, 0.12, 0.39, 0.32, 1.26),
            line("L3a", "2", "5", 5, 0.12, 0.39, 0.52, 1.86),
            line("L3b", "2", "5", 5, 0.12, 0.39, 0.52, 1.86),
            line("L4", "5", "3", 10, 0.096, 0.388, 0.22, 1.1),
            line("L5", "5", "4", 15, 0.12, 0.386, 0.22, 1.1),
            line("L6", "6", "7", 1, 0.082, 0.086, 0.082, 0.086),
        ],
    )


def power_station_unit() -> FaultNetwork:
    """Return G2 and T2 alone."""
    return FaultNetwork.of(
        50.0,
        bus=[{"id": "3", "v_kv": 110}, {"id": "HG2", "v_kv": 10}],
        machine=[machine_2()],
        transformer=[transformer_2()],
    )


def machine_1() -> dict[str, object]:
    z = 21**2 / 150
    return {
        "id": "G1",
        "bus": "HG1",
        "s_mva": 150,
        "v_kv": 21,
        "xdss_pu": 0.14,
        "r_pu": 0.002 / z,
        "unit_transformer": "T1",
    }


def machine_2() -> dict[str, object]:
    unit = {"cos_phi": 0.9, "p_g_pct": 7.5, "unit_transformer": "T2", "r_pu": 0.005 / (10.5**2 / 100)}
    return {"id": "G2", "bus": "HG2", "s_mva": 100, "v_kv": 10.5, "xdss_pu": 0.16, **unit}


def machine_3() -> dict[str, object]:
    r_pu = 0.018 / (10.5**2 / 10)
    return {"id": "G3", "bus": "6", "s_mva": 10, "v_kv": 10.5, "xdss_pu": 0.1, "r_pu": r_pu, "cos_phi": 0.8}


def transformer_1() -> dict[str, object]:
    zero = {"uk0_pct": 15.2, "ur0_pct": 0.5, "zn_hv_ohm": 22, "connection": "YNd"}
    rated = {"s_mva": 150, "v_hv_kv": 115, "v_lv_kv": 21, "uk_pct": 16, "ur_pct": 0.5}
    return {"id": "T1", "hv_bus": "4", "lv_bus": "HG1", "on_load_taps": True, "p_t_pct": 12, **rated, **zero}


def transformer_2() -> dict[str, object]:
    rated = {"s_mva": 100, "v_hv_kv": 120, "v_lv_kv": 10.5, "uk_pct": 12, "ur_pct": 0.5}
    return {"id": "T2", "hv_bus": "3", "lv_bus": "HG2", "connection": "Yd", **rated}


def line(name: str, one: str, other: str, km: float, r: float, x: float, r0: float, x0: float) -> dict[str, object]:
    ohm = {"r_ohm": r * km, "x_ohm": x * km, "r0_ohm": r0 * km, "x0_ohm": x0 * km}
    return {"id": name, "from_bus": one, "to_bus": other, **ohm}
