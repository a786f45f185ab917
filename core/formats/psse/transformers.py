"""Transformer records ↔ impedances on the system base: the codes CW, CZ and CM, and impedance correction tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.formats.psse.case import RawCase

WINDINGS = {1: "I", 2: "J", 3: "K"}


class _Windings:
    """The transformer records of some rows, with their voltages."""

    def __init__(self, case: RawCase, rows: np.ndarray) -> None:
        self.case, self.rows = case, rows
        base = pd.Series(case.values("bus", "BASKV"), index=case.integers("bus", "I"))
        self._base_kv = base[~base.index.duplicated()]

    def __call__(self, name: str) -> np.ndarray:
        return np.asarray(self.case.values("transformer", name)[self.rows])

    def integers(self, name: str) -> np.ndarray:
        return np.asarray(self.case.integers("transformer", name)[self.rows])

    def bus(self, winding: int) -> np.ndarray:
        return np.asarray(np.abs(self.integers(WINDINGS[winding])))

    def base_kv(self, winding: int) -> np.ndarray:
        kv = np.asarray(self._base_kv.reindex(self.bus(winding)), dtype=float)
        return np.asarray(np.where(np.isnan(kv) | (kv <= 0), 1.0, kv))

    def nominal(self, winding: int) -> np.ndarray:
        """Return the nominal winding voltage in per unit of the bus base voltage."""
        kv = self(f"NOMV{winding}")
        return np.where((kv <= 0) | np.isnan(kv), 1.0, kv / self.base_kv(winding))

    def turns(self, winding: int, name: str) -> np.ndarray:
        """Return a turns ratio (WINDV, RMA, RMI) in per unit of the bus base voltage, as CW says."""
        cw = self.integers("CW")
        scale = np.where(cw == 2, 1.0 / self.base_kv(winding), np.where(cw == 3, self.nominal(winding), 1.0))
        return self(f"{name}{winding}") * scale

    def impedance(self, pair: str, winding: int) -> np.ndarray:
        """Return the impedance of a pair of windings [pu of the system base], as CZ says."""
        cz, base = self.integers("CZ"), self.base_of(pair)
        r, x = np.nan_to_num(self(f"R{pair}")), np.nan_to_num(self(f"X{pair}"))
        loss = r / (base * 1e6)  # load loss in W
        r, x = np.where(cz == 3, loss, r), np.where(cz == 3, np.sqrt(np.maximum(x**2 - loss**2, 0)), x)
        scale = np.where(cz == 1, 1.0, self.nominal(winding) ** 2 * self.case.base_mva / base)
        return np.asarray((r + 1j * x) * scale)

    def base_of(self, pair: str) -> np.ndarray:
        base = self(f"SBASE{pair}")
        return np.where((base <= 0) | np.isnan(base), self.case.base_mva, base)

    def magnetising(self) -> np.ndarray:
        """Return the magnetising admittance at bus I [pu of the system base], as CM says."""
        cm, mag1, mag2 = self.integers("CM"), np.nan_to_num(self("MAG1")), np.nan_to_num(self("MAG2"))
        voltage = 1.0 / self.nominal(1) ** 2
        g = mag1 / 1e6 / self.case.base_mva * voltage  # no-load loss in W at the nominal voltage
        y = mag2 * self.base_of("1-2") / self.case.base_mva * voltage  # exciting current
        b = -np.sqrt(np.maximum(y**2 - g**2, 0))
        return np.asarray(np.where(cm == 2, g + 1j * b, mag1 + 1j * mag2))

    def correction(self, winding: int, ratio: np.ndarray) -> np.ndarray:
        """Return the factor of the winding's impedance correction table at the present tap or angle."""
        number = self.integers(f"TAB{winding}")
        factor = np.ones(len(number), dtype=complex)
        if not number.any():
            return factor
        angle = self(f"ANG{winding}")
        every = pd.DataFrame({name: self.case.values("impedance_correction", name) for name in ("I", "T", "F", "FI")})
        for table, points in every.groupby("I"):
            rows = number == table
            at, re, im = (points.sort_values("T")[name].to_numpy() for name in ("T", "F", "FI"))
            by_angle = at.min() <= 0 or at.max() > 5
            position = (angle if by_angle else ratio)[rows]
            factor[rows] = np.interp(position, at, re) + 1j * np.interp(position, at, im)
        return factor


def two_winding_table(case: RawCase, rows: np.ndarray) -> pd.DataFrame:
    """Return the network's two-winding transformers from the records."""
    w = _Windings(case, rows)
    tap_from, tap_to = w.turns(1, "WINDV"), w.turns(2, "WINDV")
    z = w.impedance("1-2", 1) * w.correction(1, tap_from / np.where(tap_to == 0, 1, tap_to))
    mag = w.magnetising()
    by_angle = np.abs(w.integers("COD1")) == 3
    return pd.DataFrame(
        {
            "from_bus": w.bus(1), "to_bus": w.bus(2), "ckt": _ckt(w), "name": _strip(w("NAME")),
            "in_service": w.integers("STAT") == 1, "r_pu": z.real, "x_pu": z.imag, "g_mag_pu": mag.real,
            "b_mag_pu": mag.imag, "tap_from_pu": tap_from, "tap_to_pu": tap_to, "shift_deg": w("ANG1"),
            "rate_a_mva": w("RATA1"), "rate_b_mva": w("RATB1"), "rate_c_mva": w("RATC1"), "mva_base": w.base_of("1-2"),
            "nominal_from_kv": w("NOMV1"), "nominal_to_kv": w("NOMV2"), "control_mode": w.integers("COD1"),
            "regulated_bus": w.integers("CONT1"),
            "tap_max": np.where(by_angle, w("RMA1"), w.turns(1, "RMA")),
            "tap_min": np.where(by_angle, w("RMI1"), w.turns(1, "RMI")),
            "band_max": w("VMA1"), "band_min": w("VMI1"), "tap_positions": w.integers("NTP1"),
            "correction_table": w.integers("TAB1"), "vector_group": _strip(w("VECGRP")),
        }
    )  # fmt: skip


def three_winding_table(case: RawCase, rows: np.ndarray) -> pd.DataFrame:
    """Return the network's three-winding transformers from the records."""
    w = _Windings(case, rows)
    status = w.integers("STAT")
    mag = w.magnetising()
    factors = [w.correction(k, w.turns(k, "WINDV")) for k in (1, 2, 3)]
    z = _corrected(w, [w.impedance("1-2", 1), w.impedance("2-3", 2), w.impedance("3-1", 3)], factors)
    table = {
        "bus_1": w.bus(1), "bus_2": w.bus(2), "bus_3": w.bus(3), "ckt": _ckt(w), "name": _strip(w("NAME")),
        "g_mag_pu": mag.real, "b_mag_pu": mag.imag, "v_star_pu": w("VMSTAR"), "angle_star_deg": w("ANSTAR"),
    }  # fmt: skip
    for k, pair, out in ((1, "12", 4), (2, "23", 2), (3, "31", 3)):
        table |= {
            f"in_service_{k}": (status > 0) & (status != out), f"r_{pair}_pu": z[k - 1].real,
            f"x_{pair}_pu": z[k - 1].imag, f"tap_{k}_pu": w.turns(k, "WINDV"), f"shift_{k}_deg": w(f"ANG{k}"),
            f"rate_a_{k}_mva": w(f"RATA{k}"), f"rate_b_{k}_mva": w(f"RATB{k}"), f"rate_c_{k}_mva": w(f"RATC{k}"),
            f"mva_base_{pair}": w.base_of(f"{pair[0]}-{pair[1]}"), f"nominal_{k}_kv": w(f"NOMV{k}"),
        }  # fmt: skip
    return pd.DataFrame(table)


def _corrected(w: _Windings, z: list[np.ndarray], factors: list[np.ndarray]) -> list[np.ndarray]:
    """Apply the windings' correction tables: to the pairs where ZCOD is 1, else to the impedances to the star point."""
    if all((factor == 1).all() for factor in factors):
        return z
    z12, z23, z31 = z
    z1, z2, z3 = (z12 + z31 - z23) / 2, (z12 + z23 - z31) / 2, (z23 + z31 - z12) / 2
    z1, z2, z3 = z1 * factors[0], z2 * factors[1], z3 * factors[2]
    by_pair = w.integers("ZCOD") == 1
    pairs = (pair * factor for pair, factor in zip(z, factors, strict=True))
    star = (z1 + z2, z2 + z3, z3 + z1)
    return [np.where(by_pair, pair, of_star) for pair, of_star in zip(pairs, star, strict=True)]


def before_correction(case: RawCase, rows: np.ndarray) -> pd.DataFrame:
    """Return the transformer records; in those of the given rows the correction is taken out of the impedances.

    A network's impedances are corrected at the present taps. Records that name a correction table hold them without.
    """
    table = case["transformer"].copy()
    two = rows & (case.integers("transformer", "K") == 0)
    three = rows & ~two
    w = _Windings(case, two)
    tap = w("WINDV1") / np.where(w("WINDV2") == 0, 1, w("WINDV2"))
    _put(table, two, "1-2", w.impedance("1-2", 1) / _not_zero(w.correction(1, tap)))
    w = _Windings(case, three)
    factors = [1 / _not_zero(w.correction(k, w.turns(k, "WINDV"))) for k in (1, 2, 3)]
    pairs = ("1-2", "2-3", "3-1")
    for pair, z in zip(pairs, _corrected(w, [w.impedance(pair, 1) for pair in pairs], factors), strict=True):
        _put(table, three, pair, z)
    return table


def _put(table: pd.DataFrame, rows: np.ndarray, pair: str, z: np.ndarray) -> None:
    if rows.any():
        table.loc[rows, f"R{pair}"], table.loc[rows, f"X{pair}"] = z.real, z.imag


def _not_zero(factor: np.ndarray) -> np.ndarray:
    return np.where(factor == 0, 1.0, factor)


def _ckt(w: _Windings) -> np.ndarray:
    words = _strip(w("CKT"))
    return np.where(words == "", "1", words)


def _strip(words: np.ndarray) -> np.ndarray:
    return np.asarray(pd.Series(words, dtype=object).str.strip(), dtype=object)
