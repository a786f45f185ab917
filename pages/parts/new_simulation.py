"""A new simulation: network, series, software and how it differs from the plain one."""

from __future__ import annotations

import streamlit as st

from core.jobs import simulation
from pages.parts.shell import explained, store
from pages.parts.simulations import CHOSEN, TITLES

LIMITS = {"as the network's program does": None, "enforced": True, "ignored": False}


def new_simulation() -> None:
    """Ask for a network, a series and a software, and start the simulation."""
    left, right = st.columns(2)
    formats = "RAW, RAWX, MATPOWER, PowerModels, pandapower or PyPSA"
    network = left.file_uploader("Network", max_upload_size=200, help=formats)
    help = (
        "CSV or Parquet with a column timestamp and any of load_scale, generation_scale, NAME@BUS_mw, NAME@BUS_kw; "
        "several of the same time may have other steps"
    )
    series = right.file_uploader(
        "Series over time (optional)", ["csv", "parquet"], accept_multiple_files=True, max_upload_size=200, help=help
    )
    if network is None:
        return
    from core.studies.simulation.run import ENGINES, Options  # slow to load: not before there is a network

    step = right.number_input(
        "Step [min] (optional)", min_value=0.0, value=None, disabled=not series, placeholder="as in the series",
        help="Resample loads, generation and farms to this step; their energy stays the same",
    )  # fmt: skip
    limits = left.selectbox("Reactive limits of machines", list(LIMITS), help="PSS/E's own cases enforce them")
    costs = right.file_uploader("Costs for a dispatch (optional)", ["csv"], help="bus, id, marginal_cost [$/MWh]")
    software = st.segmented_control(
        "Software",
        ENGINES,
        default="newton",
        required=True,
        format_func=lambda name: TITLES[name],
        key="engine",
    )
    if st.button("Simulate", type="primary", icon=":material/play_arrow:"):
        with explained():
            network, costs, *every = (file and (file.getvalue(), file.name) for file in (network, costs, *series))
            options = Options(step, LIMITS[limits], costs, tuple(every[1:]))
            st.session_state[CHOSEN] = simulation.start(store(), network, next(iter(every), None), software, options)
            st.rerun()
