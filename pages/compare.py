from __future__ import annotations

import streamlit as st

from core.errors import BadInput
from core.results.database import software_of
from core.results.database.comparison import (
    QUANTITIES,
    Compared,
    of_other_grids,
    on_other_bases,
    refuse_strangers,
    unfinished,
    unsolved_alone,
)
from pages.parts.comparing import (
    COUNTS,
    comparable,
    compared,
    show_heat_map,
    show_map,
    show_profile,
    summary,
    unit_of,
    worst_first,
    worst_table,
)
from pages.parts.downloads import download_table
from pages.parts.empty import empty_state
from pages.parts.shell import explained, guard, store
from pages.parts.simulations import HEADINGS, TITLES, Side, label, needed_simulations, rows_of, show_numbers

guard()

#: Simulations of so many steps are compared by the chosen table alone unless all are asked for: that takes seconds.
LONG = 1000
NOTHING_KNOWN = "No value to compare: no rating to load against, no solution, or none given by one of the software."


def side_label(side: Side) -> str:
    """Return one side as choices name it, with its software when that is not the simulation's own."""
    one, software = side
    return label(one) + ("" if software == one.software else f" · results of {TITLES[software]}")


def caption(every: list[Compared]) -> str:
    """Return what the summary shows, and what only one of the sides has."""
    return (
        "Worst first, by the tolerances of the reconciliation; each row's unit stands with its quantity. "
        + " ".join(
            f"{each.component.capitalize()}: {each.only_a:,} values only in A, {each.only_b:,} only in B."
            for each in every
            if each.only_a or each.only_b
        )
    )


st.title("Compare")
sides = [(one, software) for one in needed_simulations() for software in software_of(store(), one.grid_sim_id)]
if len(sides) < 2:
    why = "Simulate the same network with another software, or import the results of another tool."
    if empty_state("Nothing to compare with yet", why, button="Make another simulation"):
        st.switch_page("pages/simulations.py")
    st.stop()
left, right = st.columns(2)
same_case = [n for n, (one, _) in enumerate(sides) if n and one.case_name == sides[0][0].case_name]
a = left.selectbox("A", sides, index=next(iter(same_case), 1), format_func=side_label)
b = right.selectbox("B", sides, index=0, format_func=side_label)
if a == b:
    st.info("Choose two different sides.")
    st.stop()
pair = "_".join(f"{one.grid_sim_id}_{software}" for one, software in (a, b))
for finding in unfinished(a[0], b[0]):
    st.warning(f"{finding.text}.", icon=":material/hourglass_top:")
with explained():
    components = comparable(a, b)
    if not components:
        raise BadInput("one of the two has no results to compare", hint="choose others above")
    top = st.container()
    row = st.container(horizontal=True, gap="large")
    component = row.segmented_control("Table", components, default="bus", format_func=str.capitalize, required=True)
    each = compared(a, b, component)
    known = [name for name in QUANTITIES[component] if each.rows[name].notna().any()]
    if known:
        quantity = row.segmented_control(
            "Quantity", known, default=known[0], format_func=HEADINGS.__getitem__, required=True, key=f"of-{component}"
        )
        worst = worst_first(a, b, component, quantity)
        show_profile(each, quantity, worst)
        if each.rows["timestamp"].nunique() > 1:
            show_heat_map(each, quantity)
        show_map((a, b), each, quantity)
        st.subheader("Elements, the worst first")
        titled = worst_table(worst, quantity)
        show_numbers(titled, "%.4g", {f"{side} {unit_of(quantity)}": "%.5f" for side in "AB"})
        with st.container(horizontal=True):
            download_table(titled, f"worst_{component}_{quantity}_{pair}")
            download_table(each.worst_first, f"differences_{component}_{pair}")
    else:
        refuse_strangers(compared(a, b, name) for name in components)
        st.info(NOTHING_KNOWN if len(each.rows) else "The two have no element and time in common here.")
    with top:
        is_short = max(one.steps or 1 for one, _ in (a, b)) < LONG
        summed = components if st.toggle("Summary of every table", value=is_short) else [component]
        every = [compared(a, b, name) for name in summed]
        for finding in on_other_bases(a[0].sbase_mva, b[0].sbase_mva):
            st.info(f"{finding.text}.")
        alike = of_other_grids(*(rows_of(one, "bus", software) for one, software in (a, b)))
        for finding in [*alike, *unsolved_alone(compared(a, b, "bus"))]:
            st.warning(f"{finding.text} – {finding.hint}.", icon=":material/warning:")
        rows = summary(a, b, summed)
        show_numbers(rows, "%.4g", dict.fromkeys(COUNTS, "localized"))
        st.caption(caption(every))
        download_table(rows, f"comparison_{pair}")
