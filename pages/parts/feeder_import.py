"""What a feeder's files hold: recognised kinds, the model in numbers, its tables, and files for other programs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from core import jobs
from core.feeder import EQUIPMENT
from core.jobs.feeders import GEOPACKAGE, SCRIPTS
from pages.parts import feeders
from pages.parts.feeder_gis import remembered
from pages.parts.feeder_tables import show_model
from pages.parts.shell import explained, store

#: The finding about mutual resistances that a CYME 5 text export overwrote.
REPAIRABLE = "cyme.mutual_resistance_copied"
SHOWN = ("buses", "lines", "transformers", "regulators", "capacitors", "loads", "der", "meters", "poles")
WHY_FILES = (
    "CYME text, .mdb or XML; OpenDSS scripts; Shapefile with companions, GeoJSON, GeoPackage, CSV with coordinates, "
    "file geodatabase as zip. What a file is is told by its content."
)


def bring() -> None:
    """Let a person give a feeder's files a name, add files to it, or remove it."""
    name = st.text_input("Name of the feeder", help="Files given under a known name are added to it, or replace theirs")
    uploads = st.file_uploader("Files of one feeder", accept_multiple_files=True, help=WHY_FILES)
    folder = st.file_uploader("or a folder, such as a file geodatabase", accept_multiple_files="directory")
    chosen = [*(uploads or []), *(folder or [])]
    with st.container(horizontal=True), explained():
        if st.button("Keep and read", type="primary", disabled=not (name and chosen), icon=":material/save:"):
            kept = feeders.keep(name, chosen)
            feeders.decide(
                kept, replace(feeders.decided(kept), layers={**remembered(), **feeders.decided(kept).layers})
            )
            feeders.choose(kept)
            st.rerun()
        missing = [sample for sample in feeders.SAMPLE_FEEDERS if sample not in feeders.known()]
        if feeders.known() and missing and st.button("Open the sample feeders", icon=":material/account_tree:"):
            feeders.open_samples()
            st.rerun()


@st.dialog("Remove the feeder")
def confirm_removal(name: str) -> None:
    """Ask before a feeder's files are removed."""
    st.markdown("Its files, decisions, profiles and results go. Runs over time stay. This can't be undone.")
    if st.button(f"Remove {name}", type="primary", icon=":material/delete:"):
        feeders.remove(name)
        st.rerun()


def show_recognised(found: dict[str, Any]) -> None:
    """Show which file is what."""
    source = found["source"]
    st.caption(f"Read as **{source['format']}** {source['version']} · SHA-256 {source['sha256'][:12]}…")
    config = {
        "file": "File",
        "kind": "Recognised as",
        "bytes": st.column_config.NumberColumn("Size [bytes]", format="localized"),
    }
    st.dataframe(pd.DataFrame(found["files"]), hide_index=True, column_config=config)


def offer_repair(name: str, found: dict[str, Any]) -> None:
    """Offer the repair of what is known to be broken, when something is or the repair is on."""
    broken = any(finding["code"] == REPAIRABLE for finding in found["findings"])
    if not (broken or found["repair"]):
        return
    text = "Repair the mutual resistances that CYME 5 overwrote with mutual reactances"
    wanted = st.toggle(
        text, value=found["repair"], help="It counts on every page and for the command line in this folder"
    )
    if wanted != found["repair"]:
        feeders.decide(name, replace(feeders.decided(name), repair=wanted))
        st.rerun()


def show_summary(summary: dict[str, Any]) -> None:
    """Show the model in numbers: counts, phases, voltage zones, topology."""
    counts, topology = summary["counts"], summary["topology"]
    figures = {
        **{"DER" if key == "der" else key.capitalize(): f"{counts[key]:,}" for key in SHOWN},
        "Length [km]": f"{summary['length_km']:,.2f}",
        "Load [kW]": f"{summary['load_kw']:,.0f}",
        "Load [kvar]": f"{summary['load_kvar']:,.0f}",
        "Capacitors [kvar]": f"{summary['capacitor_kvar']:,.0f}",
        "Farthest bus [km]": f"{topology['longest_km']:,.2f}",
        "Islands": topology["islands"],
        "Loops": topology["loops"],
        "Phase misfits": topology["phase_misfits"],
    }
    with st.container(horizontal=True):
        for label, value in figures.items():
            st.metric(label, value, width=120)
    left, middle, right = st.columns(3)
    phases = pd.DataFrame(summary["phases"]).fillna(0).astype(int).rename_axis("Phases").rename(columns=str.capitalize)
    left.markdown("**Phases** (how many have which)")
    left.dataframe(phases)
    zones = pd.Series(topology["buses_by_kv_ll"], name="Buses", dtype=int).rename_axis("Base voltage [kV]")
    middle.markdown("**Voltage zones** (base voltage between phases)")
    middle.dataframe(zones)
    right.markdown("**Load by phase**")
    right.dataframe(pd.Series(summary["load_kw_by_phase"], name="Load [kW]").rename_axis("Phase"))


def show_tables(run: str, tables: dict[str, int], *, catalogue: bool) -> None:
    """Show the tables of the model, or of its equipment catalogue."""
    names = [name for name in tables if (name in EQUIPMENT) == catalogue]
    if not names:
        st.caption("The files have no equipment catalogue." if catalogue else "The files hold nothing.")
        return
    titles = {name: f"{name.replace('_', ' ')} ({tables[name]:,})" for name in names}
    name = st.selectbox("Table", names, format_func=titles.__getitem__, key=f"table-{catalogue}")
    show_model(name, feeders.table(run, name))


def offer_files(name: str) -> None:
    """Offer the feeder as a GeoPackage and as OpenDSS scripts."""
    run = feeders.answer("export", name, hold_taps=False)
    found, folder = run.result or {}, jobs.folder(store(), run.id)
    with st.container(horizontal=True):
        _download("OpenDSS scripts (zip)", folder / SCRIPTS, f"{name}_opendss.zip", "application/zip")
        if found["layers"]:
            _download("GeoPackage", folder / GEOPACKAGE, f"{name}.gpkg", "application/geopackage+sqlite3")
    layers = ", ".join(f"{count:,} {layer}" for layer, count in found["layers"].items())
    st.caption("The scripts are one file a class; names.csv leads from their names back to the files' own.")
    st.caption(f"The GeoPackage opens in QGIS: {layers}." if layers else f"No GeoPackage: {found['no_geopackage']}.")


def _download(label: str, path: Any, file: str, mime: str) -> None:
    st.download_button(
        f"Download {label}", path.read_bytes, file_name=file, mime=mime, icon=":material/download:", on_click="ignore"
    )
