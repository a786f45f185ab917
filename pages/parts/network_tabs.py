"""What the network exchange page shows of a network: sums, findings with repairs, audit, tables."""

from __future__ import annotations

import streamlit as st

from core.findings import Reading
from core.formats.networks import FORMATS
from core.network import CATALOGUE, Network
from core.network.audit import audit
from core.network.repair import possible
from pages.parts.columns import declared
from pages.parts.findings import counted, show_findings

#: Rows of a table that the page sends to the browser at once.
ROWS = 20_000


def show_summary(reading: Reading[Network]) -> None:
    """Show what the file is and its sums."""
    network, totals = reading.value, reading.value.totals()
    st.markdown(f"**{network.name or reading.source.file}** · {_format(reading)} {reading.source.version}")
    columns = st.columns(5)
    columns[0].metric("Buses", f"{len(network['bus']):,}")
    columns[1].metric("Lines and transformers", f"{_branches(network):,}")
    columns[2].metric("Load [MW]", f"{totals['load_mw']:,.1f}")
    columns[3].metric("Generation [MW]", f"{totals['generation_mw']:,.1f}")
    columns[4].metric("Base [MVA]", f"{network.base_mva:g}")
    st.caption(counted(reading.findings))


def _format(reading: Reading[Network]) -> str:
    name = reading.source.format.rpartition(".")[2]
    return FORMATS[name].title if name in FORMATS else reading.source.format


def _branches(network: Network) -> int:
    return sum(len(network[table]) for table in ("branch", "transformer", "transformer3w"))


def show_findings_and_repairs(reading: Reading[Network], identity: str) -> None:
    """Show the findings, and a button for each repair that they ask for."""
    key = f"repairs-{identity}"
    with st.container(horizontal=True):
        for repair in possible(reading.findings):
            if st.button(repair.title, key=f"{key}-{repair.name}", icon=":material/build:"):
                st.session_state[key] = (*st.session_state.get(key, ()), repair.name)
                st.rerun()
        if st.session_state.get(key) and st.button("Undo the repairs", key=f"{key}-undo", icon=":material/undo:"):
            st.session_state[key] = ()
            st.rerun()
    show_findings(reading.findings)


def show_audit(network: Network) -> None:
    """Show whether the stored voltages solve the network, and by how much each bus is off."""
    found = audit(network)
    where = f"largest mismatch {found.max_mismatch_mva:.4g} MVA at bus {found.worst_bus}"
    if found.solved:
        st.success(f"A solved case: {where}.", icon=":material/check_circle:")
    else:
        st.warning(f"Not a solved case: {where}.", icon=":material/warning:")
    show_findings([finding for finding in found.findings if finding.code.startswith("network.audit")])
    left, right = st.columns(2)
    left.markdown("**Mismatches**")
    names = {"bus": "Bus", "p_mw": "P [MW]", "q_mvar": "Q [Mvar]", "mva": "Mismatch [MVA]"}
    left.dataframe(found.mismatches.nlargest(200, "mva").rename(columns=names), hide_index=True)
    right.markdown("**Islands**")
    names = {"island": "Island", "buses": "Buses", "slack_buses": "Swing buses", "load_mw": "Load [MW]"}
    right.dataframe(found.islands.rename(columns={**names, "generation_mw": "Generation [MW]"}), hide_index=True)
    st.markdown("**Limits exceeded**")
    st.dataframe(found.limits.head(ROWS).rename(columns=str.capitalize), hide_index=True)


def show_tables(network: Network) -> None:
    """Show one table at a time, with units in its headings."""
    filled = [table for table in CATALOGUE if len(network[table])]
    if not filled:
        st.info("The network has no rows.")
        return
    table = st.selectbox("Table", filled, format_func=lambda name: f"{name} ({len(network[name]):,})")
    if len(network[table]) > ROWS:
        st.caption(f"The first {ROWS:,} of {len(network[table]):,} rows.")
    st.dataframe(network[table].head(ROWS), hide_index=True, placeholder="–", column_config=declared(CATALOGUE[table]))
