"""pandapower: the reference engine for load flows.

The network is handed over in per unit (buses of 1 kV) as impedances and shunts, never as transformers with magnetising
data, whose sign pandapower loses (its own ``case118`` and ``case300`` are off by 0.01 pu through a negative ``i0``).
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np

from core.engines.bus_case import BusCase, Links, LoadFlow, Outcome, as_pi
from core.engines.starting import flat_start
from core.errors import EngineError

TOLERANCE_MVA = 1e-8
#: So many steps are worth the seconds that compiling takes.
COMPILED_FROM = 200
#: Name of the shunts that stand for loads growing with |V|².
SQUARE = "load"


def is_available() -> bool:
    """Return whether the engine is installed."""
    return find_spec("pandapower") is not None


def solve(case: BusCase, links: Links, shunt: np.ndarray, base_mva: float, *, flat: bool = False) -> LoadFlow:
    """Return the load flow of pandapower; ``shunt`` is the admittance to ground by bus [pu]."""
    nothing = np.full(len(case.v_start), np.nan + 0j)
    if not case.solvable():
        return LoadFlow(Outcome.UNSOLVABLE, nothing)
    net = to_net(case, links, shunt, base_mva)
    if not run(net, case, flat=flat):
        return LoadFlow(Outcome.DIVERGED, nothing)
    rows = case.solved
    nothing[rows] = voltages(net)
    return LoadFlow(Outcome.ISLANDED if len(case.cut_off) else Outcome.CONVERGED, nothing, int(net._ppc["iterations"]))


def steps(
    case: BusCase, links: Links, shunt: np.ndarray, base_mva: float, generation: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Return the voltages of many steps of one net, steps × buses [pu]; rows that didn't converge are missing.

    ``generation`` is each step's power of the machines by bus [pu], ``scale`` each step's factor of the loads.
    """
    answer = np.full(generation.shape, np.nan + 0j)
    if not case.solvable():
        return answer
    net = to_net(case, links, shunt, base_mva)
    warm = False  # whether the step before can be started from
    for step, (power, factor) in enumerate(zip(generation, scale, strict=True)):
        _set_powers(net, case.with_powers(power, float(factor[0])), base_mva)
        warm = run(net, case, warm=warm, compiled=len(generation) >= COMPILED_FROM)
        if warm:
            answer[step, case.solved] = voltages(net)
    return answer


def run(net: Any, case: BusCase, *, flat: bool = False, warm: bool = False, compiled: bool = False) -> bool:
    """Run the net from its stored voltages, a flat start or its last solution; return whether it converged."""
    import pandapower

    start: dict[str, Any] = {"init": "results"}
    if not warm:
        v = (flat_start(case) if flat else case.v_start)[case.solved]
        start = {"init": "auto", "init_vm_pu": np.abs(v), "init_va_degree": np.rad2deg(np.angle(v))}
    options = {"tolerance_mva": TOLERANCE_MVA, "numba": compiled, "lightsim2grid": False, **start}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pandapower.runpp(net, calculate_voltage_angles=True, **options)
    except pandapower.LoadflowNotConverged:
        return False
    except (ValueError, KeyError, UserWarning, np.linalg.LinAlgError) as error:
        raise EngineError(f"pandapower can't run this network: {error}") from error
    return True


def voltages(net: Any) -> np.ndarray:
    """Return the complex voltages of a solved net [pu]."""
    return np.asarray(net.res_bus["vm_pu"] * np.exp(1j * np.deg2rad(net.res_bus["va_degree"])))


def to_net(case: BusCase, links: Links, shunt: np.ndarray, base_mva: float) -> Any:
    """Return the pandapower net; its bus numbers are the rows of the bus table, ``net.link`` the links in order."""
    import pandapower

    net = pandapower.create_empty_network(sn_mva=base_mva)
    rows = case.solved
    pandapower.create_buses(net, len(rows), vn_kv=1.0, index=rows)
    inside = np.isin(links.from_, rows) & np.isin(links.to, rows)
    pi = as_pi(links)
    own = shunt.copy()
    turning = np.abs(pi.shift_rad) > 1e-12
    _impedances(pandapower, net, links, np.flatnonzero(inside & ~turning), base_mva)
    for i in np.flatnonzero(inside & turning):  # phase shifters: few
        _phase_shifter(pandapower, net, links, int(i), base_mva, own)
    _shunts(pandapower, net, case, own, base_mva)
    _machines(pandapower, net, case, base_mva)
    _loads(pandapower, net, case, base_mva)
    return net


def _impedances(pandapower: Any, net: Any, links: Links, chosen: np.ndarray, base_mva: float) -> None:
    """Create the links without phase shift: series part −1/y_ft, everything else to ground at the ends."""
    series = -(links.y[1] + links.y[2])[chosen] / 2
    z = 1 / np.where(series == 0, 1e-12, series)
    ground_from, ground_to = links.y[0][chosen] - series, links.y[3][chosen] - series
    pandapower.create_impedances(
        net, links.from_[chosen], links.to[chosen], z.real, z.imag, base_mva,
        gf_pu=ground_from.real, bf_pu=ground_from.imag, gt_pu=ground_to.real, bt_pu=ground_to.imag, name=chosen,
    )  # fmt: skip


def _phase_shifter(pandapower: Any, net: Any, links: Links, i: int, base_mva: float, ground: np.ndarray) -> None:
    """Create a link with phase shift as a lossless-core transformer of ratio 1; the rest goes to ground."""
    ff, ft, _, tt = links.y[:, i]
    shift = as_pi(links).shift_rad[i]
    series = -ft * np.exp(-1j * shift)
    z = 1 / series
    pandapower.create_transformer_from_parameters(
        net, links.from_[i], links.to[i], sn_mva=base_mva, vn_hv_kv=1.0, vn_lv_kv=1.0,
        vkr_percent=100 * z.real, vk_percent=100 * abs(z) * (1 if z.imag >= 0 else -1), pfe_kw=0.0, i0_percent=0.0,
        shift_degree=np.rad2deg(shift), name=i,
    )  # fmt: skip
    ground[links.from_[i]] += ff - series
    ground[links.to[i]] += tt - series


def _loads(pandapower: Any, net: Any, case: BusCase, base_mva: float) -> None:
    """Create one load a bus, because pandapower mixes the shares of several, and a shunt for what grows with |V|²."""
    rows = case.solved
    pandapower.create_loads(net, rows, 0.0, 0.0, const_i_p_percent=0.0, const_i_q_percent=0.0)
    if np.abs(case.square).any():
        pandapower.create_shunts(net, rows, 0.0, p_mw=0.0, vn_kv=1.0, name=SQUARE)
    _set_powers(net, case, base_mva)


def _set_powers(net: Any, case: BusCase, base_mva: float) -> None:
    """Give loads and machines the powers of the case, in place."""
    rows = case.solved
    constant = case.constant.copy()
    constant[case.pq] -= case.generation[case.pq]  # machines at PQ buses
    total, current = (constant + case.current)[rows], case.current[rows]
    net.load["p_mw"], net.load["q_mvar"] = total.real * base_mva, total.imag * base_mva
    for name, part, whole in (("p", current.real, total.real), ("q", current.imag, total.imag)):
        net.load[f"const_i_{name}_percent"] = 100 * np.divide(part, whole, np.zeros(len(rows)), where=whole != 0)
    if np.abs(case.square).any():
        own, drawn = (net.shunt["name"] == SQUARE).to_numpy(), case.square[rows] * base_mva
        net.shunt.loc[own, "p_mw"], net.shunt.loc[own, "q_mvar"] = drawn.real, drawn.imag
    net.gen["p_mw"] = case.generation[case.pv].real * base_mva


def _shunts(pandapower: Any, net: Any, case: BusCase, ground: np.ndarray, base_mva: float) -> None:
    at = case.solved[ground[case.solved] != 0]
    if len(at):
        power = ground[at] * base_mva
        pandapower.create_shunts(net, at, q_mvar=-power.imag, p_mw=power.real, vn_kv=1.0)


def _machines(pandapower: Any, net: Any, case: BusCase, base_mva: float) -> None:
    for row in case.slack:
        angle = float(np.rad2deg(np.angle(case.v_start[row])))
        pandapower.create_ext_grid(net, row, vm_pu=float(case.v_set[row]), va_degree=angle)
    if len(case.pv):
        pandapower.create_gens(net, case.pv, p_mw=case.generation[case.pv].real * base_mva, vm_pu=case.v_set[case.pv])
