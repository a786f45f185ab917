"""DC lines as pairs of injections: what the records of two-terminal and voltage source converter lines ask for.

References
----------
.. [1] E. W. Kimbark, Direct Current Transmission, vol. I, Wiley, 1971: chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from core.findings import Finding, Severity, Where
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
    power = np.select([one_holds, kind[2] == 2], [setpoint[1], setpoint[2]], 0.0)
    kv = np.abs(np.select([kind[1] == 1, kind[2] == 1], [setpoint[1], setpoint[2]], 0.0))
    r = np.nan_to_num(case.values(section, "RDC"))
    factors = [_loss_factors(case, end) for end in (1, 2)]
    current = _balanced(power, kv, r, np.where(one_holds, *factors))
    losses = [_losses(current, *each) for each in factors]
    wire = current**2 * r
    other = -power - losses[0] - losses[1] - wire
    into = {1: np.where(one_holds, power, other), 2: np.where(one_holds, other, power)}
    table = {
        "name": _names(case, section), "kind": "VSC", "from_bus": np.abs(case.integers(section, "IBUS1")),
        "to_bus": np.abs(case.integers(section, "IBUS2")),
        "in_service": (case.integers(section, "MDC") > 0) & (kind[1] > 0) & (kind[2] > 0),
        "p_from_mw": -into[1], "p_to_mw": into[2], "loss0_mw": losses[0] + losses[1] + wire,
    }  # fmt: skip
    for k, end in ((1, "from"), (2, "to")):
        setting, stored, room = case.values(section, f"ACSET{k}"), *_at_bus(case, k, into[k])
        holds = case.integers(section, f"MODE{k}") == 1
        q = into[k] * np.tan(np.arccos(np.clip(np.abs(setting), 0.01, 1.0))) * np.sign(setting)
        table |= {
            f"controls_v_{end}": holds,
            f"v_{end}_pu": np.where(holds, np.where(_is_remote(case, k), stored, setting), 1.0),
            f"q_{end}_mvar": np.where(holds, 0.0, np.clip(q, -room, room)),
            f"q_max_{end}_mvar": np.minimum(case.values(section, f"MAXQ{k}"), room),
            f"q_min_{end}_mvar": np.maximum(case.values(section, f"MINQ{k}"), -room),
        }  # fmt: skip
    return pd.DataFrame(table)


def _loss_factors(case: RawCase, end: int) -> np.ndarray:
    """Return ALOSS [kW], BLOSS [kW/A] and MINLOSS [kW] of the converters at an end."""
    return np.stack([case.values("vsc_dc", f"{name}LOSS{end}") for name in ("A", "B", "MIN")])


def _losses(current: np.ndarray, a: np.ndarray, b: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Return a converter's losses [MW] at a DC current [kA]."""
    return np.asarray(np.maximum(a + b * current * 1000, least) / 1000)


def _balanced(power: np.ndarray, kv: np.ndarray, r: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return the DC current [kA] that a converter with a power [MW] into the AC network has.

    Its DC side carries the power less its own losses where it rectifies, with them where it inverts, at the other
    end's voltage [kV] and the drop over the wire.
    """
    (a, b, least), sign = factors, np.where(power < 0, 1.0, -1.0)
    fixed, linear = (
        _current(np.maximum(np.abs(power) - sign * loss / 1000, 0.0), kv + sign * slope, sign * r)
        for loss, slope in ((least, 0.0), (a, b))
    )
    return np.where(a + b * linear * 1000 < least, fixed, linear)


def _at_bus(case: RawCase, end: int, p_mw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the stored voltage at a converter [pu], and the Mvar that its ratings leave beside its power."""
    index = case.integers("bus", "I")
    table = pd.DataFrame({name: case.values("bus", name) for name in ("VM", "BASKV")}, index=index)
    bus = table[~table.index.duplicated()].reindex(np.abs(case.integers("vsc_dc", f"IBUS{end}")))
    by_power, by_current = (case.values("vsc_dc", f"{name}MAX{end}") for name in ("S", "I"))
    mva = np.sqrt(3) * bus["VM"].to_numpy() * bus["BASKV"].to_numpy() * by_current / 1000
    rating = np.fmin(np.where(by_power > 0, by_power, np.inf), np.where(mva > 0, mva, np.inf))
    return bus["VM"].fillna(1.0).to_numpy(), np.sqrt(np.maximum(rating**2 - p_mw**2, 0.0))


def _is_remote(case: RawCase, end: int) -> np.ndarray:
    remote, own = case.integers("vsc_dc", f"REMOT{end}"), np.abs(case.integers("vsc_dc", f"IBUS{end}"))
    return np.asarray((remote != 0) & (remote != own))


def vsc_remarks(case: RawCase) -> Iterator[Finding]:
    """Say which lines have no clear control, regulate another bus or carry more than their converters' rating."""
    section = "vsc_dc"
    on = case.integers(section, "MDC") > 0
    kinds = np.sort([case.integers(section, f"TYPE{k}") for k in (1, 2)], axis=0)
    lines = vsc_table(case)
    unclear = on & (kinds[0] > 0) & ~((kinds == [[1], [2]]).all(axis=0))
    text = "one converter has to hold the DC voltage (TYPE 1) and the other one the power (TYPE 2)"
    yield from _remarks(case, unclear, "vsc_control", Severity.ERROR, text)
    for k, side in ((1, "from"), (2, "to")):
        remote = on & _is_remote(case, k) & (case.integers(section, f"MODE{k}") == 1)
        text = f"converter {k} regulates another bus; studies let it hold the stored voltage of its own"
        yield from _remarks(case, remote, "vsc_remote", Severity.WARNING, text)
        p = lines[f"p_{side}_mw"].to_numpy()
        over = on & (np.abs(p) > 0) & (_at_bus(case, k, p)[1] == 0)
        text = f"converter {k} carries more than its rating; studies keep its power, and leave it no reactive power"
        yield from _remarks(case, over, "vsc_rating", Severity.WARNING, text)


def _remarks(case: RawCase, rows: np.ndarray, code: str, severity: Severity, text: str) -> Iterator[Finding]:
    numbers = case.numbers("vsc_dc")
    for row in np.flatnonzero(rows):
        where = Where(section="vsc_dc", line=None if numbers is None else int(numbers[row]))
        name = _names(case, "vsc_dc")[row]
        yield Finding(f"psse.raw.{code}", severity, f"VSC line {name}: {text}.", "", where)


def _names(case: RawCase, section: str) -> np.ndarray:
    return np.asarray(pd.Series(case.values(section, "NAME"), dtype=object).str.strip(), dtype=object)
