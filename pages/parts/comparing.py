"""Two simulations beside each other: the summary of every quantity, the worst elements, heat map and profile."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.network import Network
from core.results import database
from core.results.database.comparison import IDENTITY, QUANTITIES, Compared, compare
from core.results.database.pairing import ENDS
from core.results.database.worst import by_element, heat_map
from core.results.reconcile import tolerances
from pages.parts.network_diagram import show_differences
from pages.parts.shell import store
from pages.parts.simulations import HEADINGS, Side, elements, rows_of

#: What the heat map shows at most: elements and times.
ELEMENTS, TIMES = 50, 400
STATES = {"contradicts": "✕ contradicts", "explain": "▲ explain", "agrees": "✓ agrees", "nothing to compare": "–"}


def compared(a: Side, b: Side) -> dict[str, Compared]:
    """Return the comparison of every component that both sides have."""
    return _compared(str(store().engine.url), *_identity(a), *_identity(b))


def _identity(side: Side) -> tuple[int, int, str]:
    return side[0].grid_sim_id, side[0].steps_done, side[1]


@st.cache_resource(show_spinner="Comparing", max_entries=3)
def _compared(
    database_url: str, a: int, a_steps: int, a_software: str, b: int, b_steps: int, b_software: str
) -> dict[str, Compared]:
    one, other = database.simulation(store(), a), database.simulation(store(), b)
    sides = ((one, a_software), (other, b_software))
    return compare(*({name: rows_of(side, name, software) for name in QUANTITIES} for side, software in sides))


def summary(found: dict[str, Compared]) -> pd.DataFrame:
    """Return a row a quantity, the worst by its tolerance first."""
    limits = {each.quantity: each for each in tolerances("simulation")}
    rows = [
        (one["max_abs"] / limits[name].agree if one["compared"] else -1.0, _summary_row(each, name, one))
        for each in found.values()
        for name, one in each.summary().items()
    ]
    return pd.DataFrame([row for _, row in sorted(rows, key=lambda row: -row[0])])


def _summary_row(each: Compared, name: str, one: dict[str, Any]) -> dict[str, Any]:
    worst, states = one["worst"], one["states"]
    place = elements(pd.DataFrame([worst]), each.component).iloc[0] if worst else "–"
    return {
        "State": STATES[one["state"]],
        "Table": each.component.capitalize(),
        "Quantity": HEADINGS[name],
        "Largest difference": one["max_abs"],
        "RMSE": one["rmse"],
        "Correlation": one["correlation"],
        "Worst element": place,
        "Worst at": worst["timestamp"] if worst else "–",
        "Agree": states.get("agrees", 0),
        "Explain": states.get("explain", 0),
        "Contradict": states.get("contradicts", 0),
    }


def worst_table(each: Compared, quantity: str) -> pd.DataFrame:
    """Return the elements, the worst first, with headings."""
    rows = by_element(each, quantity)
    unit = HEADINGS[quantity].partition(" ")[2]
    titles = {"state": "State", "max_abs": f"Largest difference {unit}", "rmse": f"RMSE {unit}", "timestamp": "At"}
    return rows.assign(state=rows["state"].map(STATES)).rename(
        columns=HEADINGS | titles | {"a": f"A {unit}", "b": f"B {unit}"}
    )


def show_heat_map(each: Compared, quantity: str) -> None:
    """Draw the differences A − B, elements × time."""
    wide = heat_map(each, quantity, ELEMENTS, TIMES)
    names = elements(wide.reset_index(), each.component)
    steps = each.rows["timestamp"].nunique()
    largest = float(wide.abs().max().max()) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=wide.to_numpy(), x=wide.columns, y=names, colorscale="RdBu", zmid=0, zmin=-largest, zmax=largest,
            colorbar={"title": "A − B"}, hovertemplate="%{y}<br>%{x}<br>%{z:.4g}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(height=160 + 16 * max(len(wide), 12), title=f"A − B: {HEADINGS[quantity]}")
    figure.update_yaxes(type="category", autorange="reversed", title=each.component.capitalize())
    st.plotly_chart(figure, key="heat")
    every = len(each.rows[IDENTITY[each.component]].drop_duplicates())
    notes = [f"The {ELEMENTS} worst of {every} elements are drawn."] if every > ELEMENTS else []
    if steps > TIMES:
        notes.append("Steps are drawn together: each field is the largest of its difference.")
    if notes:
        st.caption(" ".join(notes))


def show_map(sides: tuple[Side, Side], each: Compared, quantity: str) -> None:
    """Draw the network of one of the sides, each element coloured by its largest difference."""
    kept = (one.inputs.get("network") or one.inputs.get("file") for one, _ in sides)
    file = next(filter(None, kept), None)
    if file is None:
        st.caption("Neither side came with its network: there is no drawing to colour.")
        return
    keys = IDENTITY[each.component]
    known = each.rows[each.rows[quantity].notna()].reset_index(drop=True)
    largest = known.loc[known[quantity].abs().groupby([known[key] for key in keys]).idxmax()]
    at = list(ENDS[each.component]) or keys  # of a bus itself, of a machine its bus, of a line both ends
    said = elements(largest, each.component) + "<br>" + largest[quantity].map("{:.4g}".format)
    show_differences(_network(file["sha256"], file["name"]), (largest[at[0]], largest[at[-1]]), largest[quantity], said)


@st.cache_resource(show_spinner=False, max_entries=4)
def _network(sha256: str, name: str) -> Network:
    from core.formats.networks import read_network

    return read_network(store().content(sha256), name).value


def show_profile(each: Compared, quantity: str) -> None:
    """Draw both values: over time at the worst element, over the elements when there is one step."""
    rows, keys = each.rows, IDENTITY[each.component]
    if rows["timestamp"].nunique() > 1:
        worst = by_element(each, quantity).iloc[[0]]
        rows = rows.merge(worst[keys], on=keys)
        title, x = (
            f"{each.component.capitalize()} {elements(worst, each.component).iloc[0]}, the worst",
            rows["timestamp"],
        )
    else:
        title, x = "Profile over the elements", elements(rows, each.component)
    figure = go.Figure()
    for side in ("a", "b"):
        dash = "solid" if side == "a" else "dash"
        figure.add_scatter(x=x, y=rows[f"{quantity}_{side}"], name=side.upper(), mode="lines", line={"dash": dash})
    figure.update_layout(title=title, yaxis_title=HEADINGS[quantity], height=360)
    if rows["timestamp"].nunique() == 1:
        figure.update_xaxes(type="category")
    st.plotly_chart(figure, key="profile")
