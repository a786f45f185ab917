"""Two simulations beside each other: the summary of every quantity, the worst elements, heat map and profile."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.network import Network
from core.results import database
from core.results.database.comparison import IDENTITY, QUANTITIES, Compared, compare_tables
from core.results.database.pairing import ENDS
from core.results.database.worst import by_element, heat_map
from core.results.reconcile import tolerances
from pages.parts.columns import NOISE
from pages.parts.network_diagram import show_differences
from pages.parts.shell import store
from pages.parts.simulations import HEADINGS, Side, elements, rows_of

#: What the heat map shows at most: elements and times.
ELEMENTS, TIMES = 50, 400
#: How many values are in a state: title → state.
COUNTS = {"Agree": "agrees", "Explain": "explain", "Contradict": "contradicts"}
STATES = {"contradicts": "✕ contradicts", "explain": "▲ explain", "agrees": "✓ agrees", "nothing to compare": "–"}


def comparable(a: Side, b: Side) -> list[str]:
    """Return the components that both sides have results of."""
    own, other = (database.components_of(store(), one.grid_sim_id, software) for one, software in (a, b))
    return [component for component in QUANTITIES if component in own and component in other]


def compared(a: Side, b: Side, component: str) -> Compared:
    """Return the comparison of a component that both sides have."""
    return _compared(str(store().engine.url), _identity(a), _identity(b), component)


def summary(a: Side, b: Side, components: list[str]) -> pd.DataFrame:
    """Return a row a quantity, the worst by its tolerance first."""
    limits = {each.quantity: each for each in tolerances("simulation")}
    url, sides = str(store().engine.url), (_identity(a), _identity(b))
    rows = [
        (one["max_abs"] / limits[name].agree if one["compared"] else -1.0, _summary_row(component, name, one))
        for component in components
        for name, one in _summary(url, *sides, component).items()
    ]
    return pd.DataFrame([row for _, row in sorted(rows, key=lambda row: -row[0])])


def worst_first(a: Side, b: Side, component: str, quantity: str) -> pd.DataFrame:
    """Return the elements with their largest differences, the worst first."""
    return _worst(str(store().engine.url), _identity(a), _identity(b), component, quantity)


#: What tells a side: simulation, how far it is, software.
Identity = tuple[int, int, str]


def _identity(side: Side) -> Identity:
    return side[0].grid_sim_id, side[0].steps_done, side[1]


@st.cache_resource(show_spinner="Comparing", max_entries=12)
def _compared(database_url: str, a: Identity, b: Identity, component: str) -> Compared:
    one, other = (database.simulation(store(), sim) for sim, _, _ in (a, b))
    rows = [rows_of(side, component, software) for side, software in ((one, a[2]), (other, b[2]))]
    return compare_tables(*rows, component, other.sbase_mva / one.sbase_mva)


@st.cache_resource(show_spinner="Comparing", max_entries=40)
def _summary(database_url: str, a: Identity, b: Identity, component: str) -> dict[str, dict[str, Any]]:
    return _compared(database_url, a, b, component).summary()


@st.cache_resource(show_spinner=False, max_entries=40)
def _worst(database_url: str, a: Identity, b: Identity, component: str, quantity: str) -> pd.DataFrame:
    return by_element(_compared(database_url, a, b, component), quantity)


def _summary_row(component: str, name: str, one: dict[str, Any]) -> dict[str, Any]:
    worst, states = one["worst"], one["states"]
    place = elements(pd.DataFrame([worst]), component).iloc[0] if worst else "–"
    return {
        "State": STATES[one["state"]],
        "Table": component.capitalize(),
        "Quantity": HEADINGS[name],
        "Largest difference": one["max_abs"],
        "RMSE": one["rmse"],
        "Correlation": one["correlation"],
        "Worst element": place,
        "Worst at": worst["timestamp"] if worst else "–",
        **{title: states.get(state, 0) for title, state in COUNTS.items()},
    }


def unit_of(quantity: str) -> str:
    """Return a quantity's unit in brackets."""
    return HEADINGS[quantity].partition(" ")[2]


def worst_table(rows: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """Return the elements, the worst first, with headings."""
    unit = unit_of(quantity)
    titles = {"state": "State", "max_abs": f"Largest difference {unit}", "rmse": f"RMSE {unit}", "timestamp": "At"}
    return rows.assign(state=rows["state"].map(STATES)).rename(
        columns=HEADINGS | titles | {"a": f"A {unit}", "b": f"B {unit}"}
    )


def show_heat_map(each: Compared, quantity: str) -> None:
    """Draw the differences A − B, elements × time."""
    wide = heat_map(each, quantity, ELEMENTS, TIMES)
    names = elements(wide.reset_index(), each.component)
    steps = each.rows["timestamp"].nunique()
    largest = max(float(wide.abs().max().max()), NOISE)
    figure = go.Figure(
        go.Heatmap(
            z=wide.to_numpy(), x=wide.columns, y=names, autocolorscale=True, zmin=-largest, zmax=largest,
            colorbar={"title": f"A − B {unit_of(quantity)}", "exponentformat": "power"},
            hovertemplate="%{y}<br>%{x}<br>%{z:.4g}<extra></extra>",
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
    known = each.known(quantity)
    largest = known.loc[known[quantity].abs().groupby([known[key] for key in keys]).idxmax()]
    at = list(ENDS[each.component]) or keys  # of a bus itself, of a machine its bus, of a line both ends
    said = elements(largest, each.component) + "<br>" + largest[quantity].map("{:.4g}".format)
    ends = largest[at[0]], largest[at[-1]]
    show_differences(_network(file["sha256"], file["name"]), ends, largest[quantity], said, unit_of(quantity))


@st.cache_resource(show_spinner=False, max_entries=4)
def _network(sha256: str, name: str) -> Network:
    from core.formats.networks import read_network

    return read_network(store().content(sha256), name).value


def show_profile(each: Compared, quantity: str, worst: pd.DataFrame) -> None:
    """Draw both values: over time at the worst element, over the elements when there is one step."""
    rows, keys = each.rows, IDENTITY[each.component]
    if rows["timestamp"].nunique() > 1:
        worst = worst.iloc[[0]]
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
    figure.update_layout(title=title, yaxis_title=HEADINGS[quantity], yaxis_exponentformat="power", height=360)
    if rows["timestamp"].nunique() == 1:
        figure.update_xaxes(type="category", title=each.component.capitalize())
    st.plotly_chart(figure, key="profile")
