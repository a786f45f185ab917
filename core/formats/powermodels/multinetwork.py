"""Several networks in one dictionary, and updates of dictionaries."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.powermodels.components import Data, single

#: Keys that belong to the whole multinetwork, not to each of its networks.
GLOBAL_KEYS = frozenset({"time_series", "per_unit"})


def update_data(data: Data, new: Data) -> list[Finding]:
    """Overwrite values with those of another dictionary, level by level."""
    findings = []
    if "per_unit" in data and "per_unit" in new:
        if data["per_unit"] != new["per_unit"]:
            hint = "convert one with make_per_unit or make_mixed_units"
            raise BadInput("the two dictionaries have different units", hint=hint)
    else:
        text = "one of the dictionaries doesn't say whether it is in per unit; the same units are assumed"
        findings.append(Finding("powermodels.update.units", Severity.WARNING, text))
    _overwrite(data, new)
    return findings


def _overwrite(data: Data, new: Data) -> None:
    for key, value in new.items():
        if isinstance(data.get(key), dict) and isinstance(value, dict):
            _overwrite(data[key], value)
        else:
            data[key] = copy.deepcopy(value)


def replicate(data: Data, count: int, global_keys: Iterable[str] = ()) -> Data:
    """Return a multinetwork with copies of one network; global keys move to its root."""
    single(data, "replicate")
    if count < 1:
        raise BadInput(f"{count} replicates can't be made", hint="give a count from 1")
    lifted = GLOBAL_KEYS | set(global_keys)
    network = {key: value for key, value in data.items() if key not in lifted}
    many: Data = {key: copy.deepcopy(value) for key, value in data.items() if key in lifted}
    return many | {
        "multinetwork": True,
        "name": f"{count} replicates of {data.get('name', 'anonymous')}",
        "nw": {str(number): copy.deepcopy(network) for number in range(1, count + 1)},
    }


def make_multinetwork(data: Data, global_keys: Iterable[str] = ()) -> tuple[Data, list[Finding]]:
    """Return a multinetwork with one network for each step of the dictionary's ``time_series``."""
    single(data, "make_multinetwork")
    steps = _steps(data)
    many = replicate(data, steps, global_keys)
    series = many.pop("time_series")
    findings: list[Finding] = []
    for step in range(1, steps + 1):
        findings += _apply(many["nw"][str(step)], series, step)
    return many, findings


def load_timepoint(data: Data, step: int) -> list[Finding]:
    """Put one step of the dictionary's ``time_series`` into the network."""
    single(data, "load_timepoint")
    steps = _steps(data)
    if not 1 <= step <= steps:
        raise BadInput(
            f"there is no step {step}", hint=f"steps go from 1 to {steps}", where=Where(section="time_series")
        )
    findings = _apply(data, data["time_series"], step)
    data["step_index"] = step
    return findings


def _steps(data: Data) -> int:
    where = Where(section="time_series")
    series = data.get("time_series")
    if not isinstance(series, dict):
        raise BadInput("the dictionary has no time_series", where=where)
    steps = series.get("num_steps")
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise BadInput(f"num_steps must be a whole number from 1, not {steps!r}", where=where)
    return steps


def _apply(network: Data, series: Data, step: int) -> list[Finding]:
    findings: list[Finding] = []
    for component, values in series.items():
        if isinstance(values, dict) and isinstance(network.get(component), dict):
            findings += _apply_values(network[component], values, step, component)
    return findings


def _apply_values(target: Data, values: Data, step: int, path: str) -> list[Finding]:
    findings: list[Finding] = []
    for key, value in values.items():
        here = f"{path}.{key}"
        if key not in target:
            findings.append(_skipped(f"{here} is in the time series, but not in the network"))
        elif isinstance(value, dict) and isinstance(target[key], dict):
            findings += _apply_values(target[key], value, step, here)
        elif isinstance(value, list) and not isinstance(target[key], dict):
            target[key] = _at(value, step, here)
        else:
            findings.append(_skipped(f"{here} has another shape in the time series"))
    return findings


def _at(value: list[Any], step: int, path: str) -> Any:
    if len(value) < step:
        where = Where(section="time_series")
        raise BadInput(f"the time series of {path} has {len(value)} values, but step {step} is needed", where=where)
    return value[step - 1]


def _skipped(text: str) -> Finding:
    return Finding("powermodels.time_series.skipped", Severity.WARNING, f"{text}; it is left out")
