"""Taps that move under load: what a transformer's tap changer and a regulator's unit hold, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.findings import Severity
from core.formats.cyme.records import Record
from core.formats.cyme.rowing import Site

#: Base of set voltages [V].
BASE_V = 120.0
#: The winding whose tap moves.
SIDES = {"primary": 1, "secondary": 2}
#: The largest set point that can be a per-unit value, and the largest that can be a percentage; volts lie above.
LARGEST_PU, LARGEST_PERCENT = 2.0, 110.0
DEFAULT_BAND_V = 2.0


@dataclass(frozen=True, slots=True)
class TapChanger:
    """A transformer's tap changer: its range in per unit, its position in steps, and what it holds."""

    side: int
    low: float
    high: float
    steps: int
    position: int
    set_point_pu: float  # 0 where it holds its tap
    band_pu: float

    @property
    def tap_pu(self) -> float:
        """Return the tap of the present position."""
        return 1 + self.position * (self.high - self.low) / self.steps

    def winding(self, side: int) -> dict[str, Any]:
        """Return the columns of a winding's tap range; the other winding has none of its own."""
        if side != self.side:
            return {}
        return {"tap_min_pu": self.low, "tap_max_pu": self.high, "tap_steps": self.steps}


def changer_of(site: Site, kind: Record) -> TapChanger | None:
    """Return the tap changer of a transformer that has one."""
    device = site.device
    if kind.text("ltc") == "no" or (not kind.has("ltc") and kind.number("steps") <= 0):
        return None
    boost = device.number("boost") or kind.number("max_boost_pct") or 10.0
    buck = device.number("buck") or kind.number("max_buck_pct") or 10.0
    point, band = _held(site, kind)
    return TapChanger(
        SIDES.get(device.text("tap_location"), 2),
        1 - abs(buck) / 100,
        1 + abs(boost) / 100,
        round(kind.number("steps")) or 32,
        round(device.number("tap")),
        point,
        band,
    )


def _held(site: Site, kind: Record) -> tuple[float, float]:
    """Return the set point and the bandwidth [pu] of an automatic tap changer; nothing of one that holds its tap."""
    device = site.device
    point, option = device.number("set_point"), device.text("option")
    if option == "fixed" or device.text("ltc_control") == "reactive" or point <= 0:
        if option != "fixed":
            why = "has no set voltage" if point <= 0 else "controls reactive power"
            text = f"The transformer changes its tap under load, but {why}: it keeps its present tap"
            site.remark("transformer_ltc", Severity.WARNING, text, "Compare with CYME's tap")
        return 0.0, 0.0
    base = {"percent": 100.0, "volts": BASE_V}.get(device.text("ltc_control"))
    if base is None:
        base = 1.0 if point <= LARGEST_PU else 100.0 if point < LARGEST_PERCENT else BASE_V
        unit = {1.0: "per unit", 100.0: "per cent"}.get(base, f"volts on a base of {BASE_V:g} V")
        site.remark("ltc_set_point", Severity.INFO, f"The tap changer's set point {point:g} is taken as {unit}")
    unit_of_band = 100.0 if base == 1.0 else base
    lower = abs(device.number("lower_band") or kind.number("lower_band")) / unit_of_band
    upper = abs(device.number("upper_band") or kind.number("upper_band")) / unit_of_band
    band = lower + upper or DEFAULT_BAND_V / BASE_V
    return point / base + (upper - lower) / 2, band


def add_tap_changer(site: Site, changer: TapChanger, transformer: str, phase: str, kv: float) -> None:
    """Add the regulator row of a transformer's tap changer that measures ``kv`` across a secondary winding."""
    device = site.device
    ratio = device.number("pt") or kv * 1000 / BASE_V
    base_v = kv * 1000 / ratio
    drop = device.text("option") not in ("terminal", "load_center")
    site.add(
        "regulators",
        id=transformer,
        feeder=site.place.feeder,
        bank=transformer,
        transformer=transformer,
        winding=2,
        tap_winding=changer.side if changer.side != 2 else None,
        phase=phase,
        mode="automatic" if changer.set_point_pu > 0 else "fixed",
        vset_v=(changer.set_point_pu or 1.0) * base_v,
        band_v=(changer.band_pu or DEFAULT_BAND_V / BASE_V) * base_v,
        pt_ratio=ratio,
        ct_a=device.number("ct") or 300.0,
        r_v=device.number("r_set") if drop else 0.0,
        x_v=device.number("x_set") if drop else 0.0,
        tap=changer.position,
        remote_bus=load_center(site, phase),
    )


def load_center(site: Site, phase: str) -> str:
    """Return the bus that a control holds instead of its own, with the node: the end of the section that it names."""
    name = site.device.text("load_center")
    if site.device.text("option") != "load_center" or not name:
        return ""
    section = site.library.sections.get(name)
    if section is None:
        text = f"The load center {name!r} is not in the network: the control holds its own voltage"
        site.remark("load_center_missing", Severity.WARNING, text, "Export the section that it regulates too")
        return ""
    return f"{section.text('to_node')}.{'ABC'.find(phase) + 1 or 1}"
