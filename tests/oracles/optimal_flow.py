"""A small AC and DC optimal power flow over a PowerModels dictionary, to check dictionaries by what they solve to.

Polar formulation with exact derivatives, as in PowerModels' ``build_opf`` [1]_: voltages, generators and DC lines are
free within their limits, apparent powers at both branch ends and angle differences are limited.

References
----------
.. [1] C. Coffrin et al., PowerModels.jl: An open-source framework for exploring power flow formulations, PSCC 2018.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult, linprog, minimize

from core.formats.powermodels.components import active


class Model:
    """Arrays of a dictionary in per unit; the unknowns are [va, vm, pg, qg, p and q of DC lines from and to]."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.buses = list(active(data, "bus"))
        place = {bus["index"]: row for row, bus in enumerate(self.buses)}
        self.generators = [item for item in active(data, "gen") if item["gen_bus"] in place]
        self.branches = [b for b in active(data, "branch") if b["f_bus"] in place and b["t_bus"] in place]
        self.dclines = [d for d in active(data, "dcline") if d["f_bus"] in place and d["t_bus"] in place]
        n, m, k = len(self.buses), len(self.generators), len(self.dclines)
        self.n, self.m, self.k = n, m, k
        self.demand = np.zeros(n, dtype=complex)
        for load in active(data, "load"):
            self.demand[place[load["load_bus"]]] += complex(load["pd"], load["qd"])
        self.from_ = np.array([place[b["f_bus"]] for b in self.branches], dtype=int)
        self.to = np.array([place[b["t_bus"]] for b in self.branches], dtype=int)
        self._admittances(data, place)
        self.at = np.zeros((n, m))
        self.at[[place[g["gen_bus"]] for g in self.generators], np.arange(m)] = 1
        self.at_dc = np.zeros((n, 2 * k))
        for row, line in enumerate(self.dclines):
            self.at_dc[place[line["f_bus"]], row] = self.at_dc[place[line["t_bus"]], k + row] = -1
        self.references = [row for row, bus in enumerate(self.buses) if bus["bus_type"] == 3]

    def _admittances(self, data: dict[str, Any], place: dict[int, int]) -> None:
        y = np.array([1 / complex(b["br_r"], b["br_x"]) for b in self.branches])
        tap = np.array([b["tap"] * np.exp(1j * b["shift"]) for b in self.branches])
        y_from = np.array([complex(b["g_fr"], b["b_fr"]) for b in self.branches])
        y_to = np.array([complex(b["g_to"], b["b_to"]) for b in self.branches])
        rows = np.arange(len(self.branches))
        self.c_from, self.c_to = (np.zeros((len(rows), self.n)) for _ in range(2))
        self.c_from[rows, self.from_] = self.c_to[rows, self.to] = 1
        diagonal = np.diag
        self.y_from = diagonal((y + y_from) / abs(tap) ** 2) @ self.c_from - diagonal(y / tap.conj()) @ self.c_to
        self.y_to = -diagonal(y / tap) @ self.c_from + diagonal(y + y_to) @ self.c_to
        shunt = np.zeros(self.n, dtype=complex)
        for item in active(data, "shunt"):
            shunt[place[item["shunt_bus"]]] += complex(item["gs"], item["bs"])
        self.y = self.c_from.T @ self.y_from + self.c_to.T @ self.y_to + diagonal(shunt)
        self.susceptance = -y.imag

    def parts(self, x: np.ndarray) -> list[np.ndarray]:
        return np.split(x, np.cumsum([self.n, self.n, self.m, self.m, 2 * self.k]))

    def voltage(self, x: np.ndarray) -> np.ndarray:
        va, vm, *_ = self.parts(x)
        return vm * np.exp(1j * va)

    def bounds(self) -> list[tuple[float, float]]:
        angles = [(0.0, 0.0) if row in self.references else (-np.pi, np.pi) for row in range(self.n)]
        return [
            *angles,
            *((bus["vmin"], bus["vmax"]) for bus in self.buses),
            *((g["pmin"], g["pmax"]) for g in self.generators),
            *((g["qmin"], g["qmax"]) for g in self.generators),
            *((d[f"pmin{end}"], d[f"pmax{end}"]) for end in "ft" for d in self.dclines),
            *((d[f"qmin{end}"], d[f"qmax{end}"]) for end in "ft" for d in self.dclines),
        ]

    def costs(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the cost and its gradient."""
        _, _, pg, _, p_dc, _ = self.parts(x)
        gradient, total = np.zeros(len(x)), 0.0
        for items, power, start in (
            (self.generators, pg, 2 * self.n),
            (self.dclines, p_dc, 2 * self.n + 2 * self.m),
        ):
            for row, item in enumerate(items):
                polynomial = np.poly1d(item.get("cost", []) or [0.0])
                total += polynomial(power[row])
                gradient[start + row] = polynomial.deriv()(power[row])
        return float(total), gradient

    def balance(self, x: np.ndarray) -> np.ndarray:
        _, _, pg, qg, p_dc, q_dc = self.parts(x)
        v = self.voltage(x)
        left = v * np.conj(self.y @ v) + self.demand
        injected = self.at @ (pg + 1j * qg) + self.at_dc @ (p_dc + 1j * q_dc)
        k = self.k
        losses = [(1 - d["loss1"]) * p_dc[row] + p_dc[k + row] - d["loss0"] for row, d in enumerate(self.dclines)]
        return np.concatenate([(left - injected).real, (left - injected).imag, losses])

    def balance_slopes(self, x: np.ndarray) -> np.ndarray:
        n, m, k = self.n, self.m, self.k
        by_angle, by_magnitude = _slopes(np.eye(n), self.y, self.voltage(x))
        slopes = np.zeros((2 * n + k, len(x)))
        slopes[:n, : 2 * n] = np.hstack([by_angle.real, by_magnitude.real])
        slopes[n : 2 * n, : 2 * n] = np.hstack([by_angle.imag, by_magnitude.imag])
        slopes[:n, 2 * n : 2 * n + m] = slopes[n : 2 * n, 2 * n + m : 2 * n + 2 * m] = -self.at
        start = 2 * n + 2 * m
        slopes[:n, start : start + 2 * k] = slopes[n : 2 * n, start + 2 * k : start + 4 * k] = -self.at_dc
        for row, line in enumerate(self.dclines):
            slopes[2 * n + row, start + row], slopes[2 * n + row, start + k + row] = 1 - line["loss1"], 1
        return slopes

    def margins(self, x: np.ndarray) -> np.ndarray:
        """Return what is left of each limit: squared flows at both ends and angle differences."""
        va, v = x[: self.n], self.voltage(x)
        difference = va[self.from_] - va[self.to]
        rows, rate = self._rated()
        flows = [(end @ v) * np.conj(y @ v) for end, y in ((self.c_from, self.y_from), (self.c_to, self.y_to))]
        angles = [[b["angmax"] for b in self.branches] - difference, difference - [b["angmin"] for b in self.branches]]
        return np.concatenate([*(rate**2 - abs(flow[rows]) ** 2 for flow in flows), *angles])

    def margin_slopes(self, x: np.ndarray) -> np.ndarray:
        v, (rows, _) = self.voltage(x), self._rated()
        parts = []
        for end, y in ((self.c_from, self.y_from), (self.c_to, self.y_to)):
            flow = ((end @ v) * np.conj(y @ v))[rows]
            slopes = [slope[rows] for slope in _slopes(end, y, v)]
            parts.append(np.hstack([-2 * np.real(flow.conj()[:, None] * slope) for slope in slopes]))
        turn = np.hstack([self.c_from - self.c_to, np.zeros_like(self.c_from)])
        found = np.vstack([*parts, -turn, turn])
        return np.hstack([found, np.zeros((len(found), len(x) - 2 * self.n))])

    def _rated(self) -> tuple[np.ndarray, np.ndarray]:
        rows = [row for row, b in enumerate(self.branches) if "rate_a" in b]
        return np.array(rows, dtype=int), np.array([self.branches[row]["rate_a"] for row in rows])


def _slopes(end: np.ndarray, y: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how (end v) conj(y v) changes with the voltages' angles and magnitudes."""
    at, current = np.diag(end @ v), np.diag(np.conj(y @ v))
    unit = np.diag(v / abs(v))
    by_angle = 1j * (current @ end @ np.diag(v) - at @ np.conj(y @ np.diag(v)))
    return by_angle, current @ end @ unit + at @ np.conj(y @ unit)


def solve_ac_opf(data: dict[str, Any]) -> OptimizeResult:
    """Return the optimum of the AC optimal power flow."""
    model = Model(data)
    limits = np.array(model.bounds(), dtype=float)
    start = np.clip(np.zeros(len(limits)), limits[:, 0], limits[:, 1])
    start[model.n : 2 * model.n] = np.clip(1.0, *limits[model.n : 2 * model.n].T)
    middle = slice(2 * model.n, None)
    start[middle] = np.where(np.isfinite(limits[middle]).all(axis=1), limits[middle].mean(axis=1), start[middle])
    scale = max(abs(model.costs(start)[0]), 1.0)
    return minimize(
        lambda x: model.costs(x)[0] / scale,
        start,
        jac=lambda x: model.costs(x)[1] / scale,
        bounds=[(low if np.isfinite(low) else None, high if np.isfinite(high) else None) for low, high in limits],
        constraints=[
            {"type": "eq", "fun": model.balance, "jac": model.balance_slopes},
            {"type": "ineq", "fun": model.margins, "jac": model.margin_slopes},
        ],
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-10},
    )


def ac_opf_cost(data: dict[str, Any]) -> float:
    """Return the optimum's cost; fails when the solver does."""
    result, model = solve_ac_opf(data), Model(data)
    assert result.success, result.message
    assert abs(model.balance(result.x)).max() < 1e-6
    return model.costs(result.x)[0]


def solve_ac_pf(data: dict[str, Any]) -> tuple[Model, np.ndarray]:
    """Return the voltages of the AC power flow: setpoints hold at generators and DC lines, the reference balances."""
    model = Model(data)
    v = np.array([bus["vm"] for bus in model.buses]) + 0j
    held = {item["gen_bus"] for item in model.generators} | {
        d[end] for d in model.dclines for end in ("f_bus", "t_bus")
    }
    pq = [row for row, bus in enumerate(model.buses) if bus["index"] not in held and bus["bus_type"] != 3]
    moving = [row for row in range(model.n) if row not in model.references]
    injected = model.at @ np.array([g["pg"] + 1j * g["qg"] for g in model.generators]) - model.demand
    for line in model.dclines:
        for row, bus in enumerate(model.buses):
            injected[row] -= line["pf"] * (bus["index"] == line["f_bus"]) + line["pt"] * (bus["index"] == line["t_bus"])
    for _ in range(30):
        mismatch = v * np.conj(model.y @ v) - injected
        residual = np.concatenate([mismatch.real[moving], mismatch.imag[pq]])
        if abs(residual).max() < 1e-11:
            return model, v
        by_angle, by_magnitude = _slopes(np.eye(model.n), model.y, v)
        jacobian = np.block(
            [
                [by_angle.real[np.ix_(moving, moving)], by_magnitude.real[np.ix_(moving, pq)]],
                [by_angle.imag[np.ix_(pq, moving)], by_magnitude.imag[np.ix_(pq, pq)]],
            ]
        )
        step = np.linalg.solve(jacobian, residual)
        angle, magnitude = np.angle(v), abs(v)
        angle[moving] -= step[: len(moving)]
        magnitude[pq] -= step[len(moving) :]
        v = magnitude * np.exp(1j * angle)
    raise AssertionError("the power flow does not converge")


def dc_opf_cost(data: dict[str, Any], breaks: int = 2000) -> float:
    """Return the cost of the linear optimal power flow; convex polynomials become piecewise linear."""
    model = Model(data)
    n, m, lines = model.n, model.m, len(model.branches)
    difference = model.c_from - model.c_to
    flow = np.diag(model.susceptance) @ difference
    low = np.array([[b["angmin"] for b in model.branches], [-b.get("rate_a", np.inf) for b in model.branches]])
    high = np.array([[b["angmax"] for b in model.branches], [b.get("rate_a", np.inf) for b in model.branches]])
    shunts = np.real(np.diag(model.y - model.c_from.T @ model.y_from - model.c_to.T @ model.y_to))
    balance = np.hstack([difference.T @ flow, -model.at, np.zeros((n, m))])
    rows, limits = [np.hstack([s * a, np.zeros((lines, 2 * m))]) for a in (difference, flow) for s in (1, -1)], []
    for bound_low, bound_high in zip(low, high, strict=True):
        limits += [bound_high, -bound_low]
    for row, generator in enumerate(model.generators):
        cost = np.poly1d(generator["cost"] or [0.0])
        points = np.linspace(generator["pmin"], generator["pmax"], breaks if cost.order > 1 else 1)
        for at in points:  # tangents: the cost lies above each
            line = np.zeros(n + 2 * m)
            line[n + row], line[n + m + row] = cost.deriv()(at), -1
            rows.append(line[None])
            limits.append(np.array([cost.deriv()(at) * at - cost(at)]))
    matrix, right = np.vstack(rows), np.concatenate(limits)
    finite = np.isfinite(right)
    bounds = [(0, 0) if row in model.references else (None, None) for row in range(n)]
    bounds += [(g["pmin"], g["pmax"]) for g in model.generators] + [(None, None)] * m
    objective = np.concatenate([np.zeros(n + m), np.ones(m)])
    demand = -(model.demand.real + shunts)
    result = linprog(objective, matrix[finite], right[finite], balance, demand, bounds, method="highs")
    assert result.success, result.message
    return float(result.fun)
