from __future__ import annotations

import pandas as pd
import streamlit as st

from core.feeder import EQUIPMENT
from core.feeder.summary import summary_of
from pages.parts import feeders
from pages.parts.shell import explained, guard

guard()

st.title("Feeder import")
with st.expander("Bring a feeder", expanded=not feeders.known()):
    name = st.text_input("Name of the feeder")
    uploads = st.file_uploader("CYME text, .mdb or XML; OpenDSS scripts; GIS layers", accept_multiple_files=True)
    if st.button("Keep and read", type="primary", disabled=not (name and uploads)):
        with explained():
            feeders.keep(name, uploads)
            st.rerun()
    for sample, text in feeders.SAMPLE_FEEDERS.items():
        if st.button(f"Open the sample {sample}", help=text, icon=":material/account_tree:"):
            feeders.open_sample(sample)
            st.rerun()

feeder_name = feeders.chosen()
if feeder_name is None:
    st.stop()
repair = st.toggle("Repair what is known to be broken in CYME 5 text exports")
with explained():
    read = feeders.reading(feeder_name, feeders.stamp(feeder_name), repair)
    summary = summary_of(read.value)
    st.caption(f"Recognised as **{read.source.format}** {read.source.version} · files {read.source.file}")
    columns = st.columns(6)
    counts = summary["counts"]
    for column, key in zip(
        columns, ("buses", "lines", "transformers", "regulators", "capacitors", "loads"), strict=True
    ):
        column.metric(key.capitalize(), counts[key])
    st.markdown(f"{summary['length_km']:.2f} km · {summary['load_kw']:,.0f} kW · bases {summary['kv_ll_bases']} kV")
    findings, model, catalogue = st.tabs(["Findings", "Model", "Equipment catalogue"])
    with findings:
        rows = [{**found.as_dict(), "where": str(found.where)} for found in read.findings]
        shown = pd.DataFrame(rows, columns=["severity", "text", "hint", "where", "element", "code"])
        st.dataframe(shown, hide_index=True, width="stretch")
    for tab, tables in ((model, [t for t in read.value.tables if t not in EQUIPMENT]), (catalogue, list(EQUIPMENT))):
        with tab:
            filled = [table for table in tables if len(read.value[table])]
            if filled:
                table = st.selectbox("Table", filled, key=f"table-{tables[0]}")
                st.dataframe(read.value[table], hide_index=True, width="stretch")
            else:
                st.caption("Nothing of this kind in the files.")
