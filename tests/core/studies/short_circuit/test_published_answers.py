"""IEC TR 60909-4, the power station unit, and the specification's plant on one 13.8 kV bus."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from core.studies.short_circuit import Conditions, FaultNetwork, short_circuits
from tests.oracles import iec60909_4 as published


def values(network: FaultNetwork, column: str, fault: str = "3ph", **conditions: object) -> np.ndarray:
    rows = short_circuits(network, Conditions(delay_s=0.1, **conditions)).currents  # type: ignore[arg-type]
    return rows.loc[rows["fault_type"] == fault, column].to_numpy()[: len(published.BUSES)]


def test_initial_current_and_fault_level_are_those_of_tr_60909_4():
    network = published.network()
    assert values(network, "ik_ka") == pytest.approx(published.IK_KA, abs=1e-3)
    assert values(network, "sk_mva") == pytest.approx(published.SK_MVA, abs=1e-2)


def test_peak_current_by_method_c_is_that_of_tr_60909_4():
    assert values(published.network(), "ip_ka")[:8] == pytest.approx(published.IP_METHOD_C_KA, abs=1e-3)


def test_breaking_current_is_that_of_tr_60909_4():
    ib = values(published.network(), "ib_ka")
    assert ib[1:] == pytest.approx(published.IB_KA[1:], abs=1e-3)
    # Bus 1 counts as far from generators there (I_b = I″_k); here G3, three transformers away, still takes off 3 A.
    assert ib[0] == pytest.approx(published.IB_KA[0], abs=3e-3)


def test_single_phase_current_near_generators_is_that_of_the_reference_program():
    one = values(published.network(), "ik_ka", "1ph")
    assert one[:5] == pytest.approx(published.IK1_KA, abs=1e-4)
    assert one[5:7] == pytest.approx([0.06337, 0.0633], abs=1e-4)  # through the 100 Ω reactor of T6
    assert one[7:] == pytest.approx(0.0)  # isolated neutrals


def test_power_station_unit_breaks_the_published_current():
    rows = short_circuits(published.power_station_unit(), Conditions(delay_s=0.1)).currents.query("fault_type == '3ph'")
    assert rows["ik_ka"].to_numpy() == pytest.approx(published.UNIT_IK_KA, abs=1e-3)
    assert rows["ip_ka"].to_numpy() == pytest.approx(published.UNIT_IP_KA, abs=1e-3)
    assert rows["ib_ka"].to_numpy() == pytest.approx(published.UNIT_IB_KA, abs=1e-3)
    assert rows["kappa"].to_numpy() == pytest.approx(published.UNIT_KAPPA, abs=1e-3)


def seed_plant() -> FaultNetwork:
    """Return the specification's machines and branches: 8 × 21.5 MVA and 2 × 58.8 MVA on one 13.8 kV bus."""
    base = 13.8**2 / 100
    machine = {f"1{n:02}": {"s_mva": 21.5, "xdss_pu": 0.18} for n in range(8)}
    machine |= {f"12{n}": {"s_mva": 58.8, "xdss_pu": 0.15} for n in range(2)}
    ohm = {bus: (0.001, 0.01) if data["s_mva"] < 50 else (0.0005, 0.008) for bus, data in machine.items()}
    return FaultNetwork.of(
        60.0,
        bus=[{"id": bus, "v_kv": 13.8} for bus in (*machine, "200")],
        machine=[{"id": f"G{bus}", "bus": bus, "v_kv": 13.8, **data} for bus, data in machine.items()],
        line=[
            {"id": f"L{bus}", "from_bus": bus, "to_bus": "200", "r_ohm": r * base, "x_ohm": x * base}
            for bus, (r, x) in ohm.items()
        ],
    )


def test_the_specifications_plant_has_77_ka_where_its_sample_prints_42_8():
    ik = short_circuits(seed_plant()).currents.query("fault_type == '3ph'").set_index("bus")["ik_ka"]
    assert ik["200"] == pytest.approx(77.46, rel=1e-3)
    assert ik["100"] == pytest.approx(67.73, rel=1e-3)
    assert ik["120"] == pytest.approx(72.25, rel=1e-3)
    assert 100 * ik["200"] / 63 == pytest.approx(122.95, rel=1e-3)
    assert 100 * ik["100"] / 40 == pytest.approx(169.3, rel=1e-3)
    assert 100 * ik["120"] / 50 == pytest.approx(144.5, rel=1e-3)


def test_pandapower_gives_the_same_initial_and_peak_currents():
    pandapower = pytest.importorskip("pandapower")
    shortcircuit = pytest.importorskip("pandapower.shortcircuit")
    net = pandapower.create_empty_network(f_hz=60, sn_mva=100)
    grid, mid, low = (pandapower.create_bus(net, vn_kv=kv) for kv in (110, 20, 0.4))
    far = pandapower.create_bus(net, vn_kv=20)
    pandapower.create_ext_grid(net, grid, s_sc_max_mva=2000, rx_max=0.12, s_sc_min_mva=900, rx_min=0.12)
    rated = {"pfe_kw": 0, "i0_percent": 0, "shift_degree": 0}
    pandapower.create_transformer_from_parameters(net, grid, mid, 40, 115, 21, vk_percent=11, vkr_percent=0.4, **rated)
    pandapower.create_transformer_from_parameters(net, far, low, 0.63, 20, 0.4, vk_percent=6, vkr_percent=1.2, **rated)
    for r, x in ((0.8, 1.9), (1.1, 1.4)):
        pandapower.create_line_from_parameters(net, mid, far, 1, r, x, 0, 1, endtemp_degree=70)
    pandapower.create_gen(
        net, far, p_mw=8, vn_kv=20, xdss_pu=0.2, rdss_ohm=0.07 * 0.2 * 400 / 10, cos_phi=0.8, sn_mva=10, pg_percent=0
    )
    uk = lambda z, r: {"uk_pct": z, "ur_pct": r}  # noqa: E731
    ours = FaultNetwork.of(
        60.0,
        bus=[{"id": name, "v_kv": kv} for name, kv in (("grid", 110), ("mid", 20), ("low", 0.4), ("far", 20))],
        feeder=[{"id": "Q", "bus": "grid", "sk_max_mva": 2000, "sk_min_mva": 900, "r_x": 0.12}],
        machine=[{"id": "G", "bus": "far", "s_mva": 10, "v_kv": 20, "xdss_pu": 0.2, "cos_phi": 0.8}],
        line=[
            {"id": str(r), "from_bus": "mid", "to_bus": "far", "r_ohm": r, "x_ohm": x, "end_temperature_c": 70}
            for r, x in ((0.8, 1.9), (1.1, 1.4))
        ],
        transformer=[
            {"id": "T1", "hv_bus": "grid", "lv_bus": "mid", "s_mva": 40, "v_hv_kv": 115, "v_lv_kv": 21, **uk(11, 0.4)},
            {"id": "T2", "hv_bus": "far", "lv_bus": "low", "s_mva": 0.63, **uk(6, 1.2)},
        ],
    )
    for case in ("max", "min"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pandapower's own
            shortcircuit.calc_sc(net, fault="3ph", case=case, ip=True, kappa_method="C", branch_results=False)
        three = short_circuits(ours, Conditions(case=case)).currents.query("fault_type == '3ph'").set_index("bus")
        theirs = pd.DataFrame(net.res_bus_sc).set_axis(["grid", "mid", "low", "far"])
        assert three["ik_ka"].to_numpy() == pytest.approx(theirs.loc[three.index, "ikss_ka"].to_numpy(), rel=1e-9)
        assert three["ip_ka"].to_numpy() == pytest.approx(theirs.loc[three.index, "ip_ka"].to_numpy(), rel=1e-9)
