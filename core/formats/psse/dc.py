"""DC lines as pairs of injections: what the records of two-terminal and voltage source converter lines ask for.

References
----------
.. [1] E. W. Kimbark, Direct Current Transmission, vol. I, Wiley, 1971: chapter 3.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.formats.psse.case import RawCase


def lcc_table(case: RawCase) -> pd.DataFrame:
    """Return two-terminal lines: power and current control, DC voltage scheduled at the inverter."""
    section = "two_terminal_dc"
    mode, demand = case.integers(section, "MDC"), np.nan_to_num(case.values(section, "SETVL"))
    r, compounding = case.values(section, "RDC"), case.values(section, "RCOMP")
    v = case.values(section, "VSCHD")  # = inverter voltage + RCOMP * I
    at_rectifier = _current(np.abs(demand), v, r - compounding)
    at_inverter = _current(np.abs(demand), v, -compounding)
    current = np.where(mode == 2, np.abs(demand) / 1000, np.where(demand >= 0, at_rectifier, at_inverter))  # kA
    v_inverter = v - compounding * current
    v_rectifier = v_inverter + r * current
    p_from, p_to = v_rectifier * current, v_inverter * current
    return pd.DataFrame(
        {
            "name": _names(case, section), "kind": "LCC", "from_bus": np.abs(case.integers(section, "IPR")),
            "to_bus": np.abs(case.integers(section, "IPI")), "in_service": mode > 0, "p_from_mw": p_from,
            "p_to_mw": p_to, "q_from_mvar": -_reactive(case, "R", current, v_rectifier),
            "q_to_mvar": -_reactive(case, "I", current, v_inverter), "loss0_mw": p_from - p_to,
        }
    )  # fmt: skip


def _current(power: np.ndarray, v: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Return the current [kA] that carries a power [MW] at (v + r I) kilovolts."""
    v = np.where(np.nan_to_num(v) <= 0, np.inf, v)
    root = np.sqrt(np.maximum(v**2 + 4 * r * power, 0))
    return np.where(np.isinf(v), 0.0, 2 * power / (v + root))


def _reactive(case: RawCase, end: str, current: np.ndarray, vd: np.ndarray) -> np.ndarray:
    """Return the reactive power [Mvar] that a converter draws at a DC current [kA] and voltage [kV] [1]_.

    tan(phi) = (2 u + sin 2a - sin 2(a + u)) / (cos 2a - cos 2(a + u)) with the firing angle a and the overlap u.
    """
    section = "two_terminal_dc"
    v = pd.Series(case.values("bus", "VM"), index=case.integers("bus", "I"))
    v = v[~v.index.duplicated()].reindex(np.abs(case.integers(section, f"IP{end}")))
    tap = case.values(section, f"TAP{end}")
    ac = np.asarray(v) * case.values(section, f"EBAS{end}") * case.values(section, f"TR{end}")
    ac = ac / np.where(tap == 0, 1, tap)
    bridges = np.nan_to_num(case.values(section, f"NB{end}"))
    r, x = case.values(section, f"RC{end}"), case.values(section, f"XC{end}")
    with np.errstate(divide="ignore", invalid="ignore"):
        vd0 = bridges * 3 * np.sqrt(2) / np.pi * ac
        drop = bridges * (3 / np.pi * x + 2 * r) * current
        fired = np.arccos(np.clip(np.nan_to_num((vd + drop) / vd0, nan=1.0), -1.0, 1.0))
        ended = np.arccos(np.clip(np.cos(fired) - np.nan_to_num(np.sqrt(2) * x * current / ac), -1.0, 1.0))
        tangent = (2 * (ended - fired) + np.sin(2 * fired) - np.sin(2 * ended)) / (
            np.cos(2 * fired) - np.cos(2 * ended)
        )
        plain = np.tan(np.arccos(np.clip(np.nan_to_num(vd / vd0, nan=1.0), 0.1, 1.0)))
    tangent = np.where(ended - fired > 1e-6, tangent, plain)
    return np.asarray(np.abs(vd * current) * tangent)


def vsc_table(case: RawCase) -> pd.DataFrame:
    """Return voltage source converter lines: one end holds the DC voltage, the other a power into the AC network."""
    section = "vsc_dc"
    kind = {k: case.integers(section, f"TYPE{k}") for k in (1, 2)}
    setpoint = {k: np.nan_to_num(case.values(section, f"DCSET{k}")) for k in (1, 2)}
    one_holds = kind[1] == 2  # converter 1 holds the power, converter 2 the voltage
    power = np.where(one_holds, setpoint[1], setpoint[2])
    kv = np.abs(np.where(one_holds, setpoint[2], setpoint[1]))
    current = np.abs(power) / np.where(kv == 0, np.inf, kv)  # kA
    losses = {k: _losses(case, k, current) for k in (1, 2)}
    wire = current**2 * case.values(section, "RDC")
    other = -power - losses[1] - losses[2] - wire
    into = {1: np.where(one_holds, power, other), 2: np.where(one_holds, other, power)}
    table = {
        "name": _names(case, section), "kind": "VSC", "from_bus": np.abs(case.integers(section, "IBUS1")),
        "to_bus": np.abs(case.integers(section, "IBUS2")),
        "in_service": (case.integers(section, "MDC") > 0) & (kind[1] > 0) & (kind[2] > 0),
        "p_from_mw": -into[1], "p_to_mw": into[2], "loss0_mw": losses[1] + losses[2] + wire,
    }  # fmt: skip
    for k, end in ((1, "from"), (2, "to")):
        setting = case.values(section, f"ACSET{k}")
        holds = case.integers(section, f"MODE{k}") == 1
        factor = np.clip(np.abs(setting), 0.01, 1.0)
        table |= {
            f"controls_v_{end}": holds, f"v_{end}_pu": np.where(holds, setting, 1.0),
            f"q_{end}_mvar": np.where(holds, 0.0, into[k] * np.tan(np.arccos(factor)) * np.sign(setting)),
            f"q_max_{end}_mvar": case.values(section, f"MAXQ{k}"),
            f"q_min_{end}_mvar": case.values(section, f"MINQ{k}"),
        }  # fmt: skip
    return pd.DataFrame(table)


def _losses(case: RawCase, end: int, current: np.ndarray) -> np.ndarray:
    """Return a converter's losses [MW] at a DC current [kA]."""
    a, b = case.values("vsc_dc", f"ALOSS{end}"), case.values("vsc_dc", f"BLOSS{end}")
    return np.asarray(np.maximum(a + b * current * 1000, case.values("vsc_dc", f"MINLOSS{end}")) / 1000)


def _names(case: RawCase, section: str) -> np.ndarray:
    return np.asarray(pd.Series(case.values(section, "NAME"), dtype=object).str.strip(), dtype=object)
