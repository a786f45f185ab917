from __future__ import annotations

import streamlit as st

from core.results.database import SOFTWARE, software_of
from core.results.database.comparison import QUANTITIES
from core.results.database.simulations import DONE
from pages.parts.comparing import compared, show_heat_map, show_map, show_profile, summary, worst_table
from pages.parts.downloads import download_table
from pages.parts.empty import empty_state
from pages.parts.shell import explained, guard, store
from pages.parts.simulations import HEADINGS, Side, label, needed_simulations, show_numbers

guard()


def side_label(side: Side) -> str:
    """Return one side as choices name it, with its software when that is not the simulation's own."""
    one, software = side
    return label(one) + ("" if software == one.software else f" · results of {SOFTWARE[software]}")


st.title("Compare")
sides = [(one, software) for one in needed_simulations() for software in software_of(store(), one.grid_sim_id)]
if len(sides) < 2:
    why = "Simulate the same network with another software, or import the results of another tool."
    if empty_state("Nothing to compare with yet", why, button="Make another simulation"):
        st.switch_page("pages/simulations.py")
    st.stop()
left, right = st.columns(2)
a = left.selectbox("A", sides, index=1, format_func=side_label)
b = right.selectbox("B", sides, index=0, format_func=side_label)
if a == b:
    st.info("Choose two different sides.")
    st.stop()
for name, (one, _) in (("A", a), ("B", b)):
    if one.state != DONE:
        st.warning(f"{name} is {one.state}: only the steps that it has are compared.", icon=":material/hourglass_top:")
with explained():
    found = compared(a, b)
    rows = summary(found)
    show_numbers(rows, "%.4g")
    st.caption(
        "Worst first, by the tolerances of the reconciliation; each row's unit stands with its quantity. "
        + " ".join(
            f"{name.capitalize()}: {each.only_a:,} values only in A, {each.only_b:,} only in B."
            for name, each in found.items()
            if each.only_a or each.only_b
        )
    )
    download_table(rows, f"comparison_{a[0].grid_sim_id}_{b[0].grid_sim_id}")
    left, right = st.columns(2)
    component = left.segmented_control("Table", list(found), default="bus", format_func=str.capitalize, required=True)
    each = found[component]
    known = [name for name in QUANTITIES[component] if each.rows[name].notna().any()]
    if not known:
        st.info("One of the two has no values here.")
        st.stop()
    quantity = right.segmented_control(
        "Quantity", known, default=known[0], format_func=HEADINGS.__getitem__, required=True, key=f"of-{component}"
    )
    show_profile(each, quantity)
    if each.rows["timestamp"].nunique() > 1:
        show_heat_map(each, quantity)
    show_map((a, b), each, quantity)
    st.subheader("Elements, the worst first")
    worst = worst_table(each, quantity)
    show_numbers(worst, "%.4g")
    download_table(worst, f"worst_{component}_{quantity}_{a[0].grid_sim_id}_{b[0].grid_sim_id}")
