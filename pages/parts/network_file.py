"""An uploaded network: read once in a process of its own, kept on disk under its SHA-256, repaired on request."""

from __future__ import annotations

from hashlib import sha256

import streamlit as st

from core.findings import Reading
from core.formats.isolated import isolated
from core.formats.networks import PARTS, read_network
from core.network import Network, check
from core.network.repair import REPAIRS, repaired
from pages.parts.progress import shown_parts


@st.cache_resource(show_spinner=False, max_entries=4)
def _readings() -> dict[str, Reading[Network]]:
    return {}


def look_at(content: bytes, name: str) -> str:
    """Read the file unless it was read before; return its identity, which cached functions take."""
    identity = sha256(content + name.encode()).hexdigest()
    known = _readings()
    if identity not in known:
        with shown_parts(PARTS):
            reading = isolated(read_network, content, name)
        while len(known) >= 4:
            known.pop(next(iter(known)))
        known[identity] = reading
    return identity


@st.cache_resource(show_spinner=False, max_entries=8)
def repaired_by(identity: str, repairs: tuple[str, ...]) -> Reading[Network]:
    """Return the reading with the named repairs done and its network checked again."""
    reading = _readings()[identity]
    if not repairs:
        return reading
    network, done = repaired(reading.value, repairs)
    chosen = [repair for repair in REPAIRS if repair.name in repairs]
    of_file = [
        finding
        for finding in reading.findings
        if not finding.code.startswith("network.") and not any(repair.suits(finding) for repair in chosen)
    ]
    return Reading(network, [*done, *check(network), *of_file], reading.source)


def sample() -> tuple[bytes, str]:
    """Return a small case with a fault that can be repaired."""
    return SAMPLE_CASE.encode(), "sample.raw"


SAMPLE_CASE = """\
0, 100.0, 33, 0, 1, 60.0 / a small case
Three buses in a ring with a machine at each end
The swing bus has no machine: a repair moves it
1,'WEST        ',138.0,1,1,1,1,1.02,0.0,1.1,0.9,1.1,0.9
2,'CITY        ',138.0,3,1,1,1,0.99,-2.5,1.1,0.9,1.1,0.9
3,'EAST        ',138.0,2,1,1,1,1.01,-0.5,1.1,0.9,1.1,0.9
0 / END OF BUS DATA, BEGIN LOAD DATA
2,'1 ',1,1,1,80.0,20.0,0.0,0.0,0.0,0.0,1,1,0
0 / END OF LOAD DATA, BEGIN FIXED SHUNT DATA
0 / END OF FIXED SHUNT DATA, BEGIN GENERATOR DATA
1,'1 ',50.0,10.0,50.0,-50.0,1.02,0,100.0,0.0,0.2,0.0,0.0,1.0,1,100.0,100.0,0.0,1,1.0
3,'1 ',31.0,5.0,20.0,-10.0,1.01,0,50.0,0.0,0.25,0.0,0.0,1.0,1,100.0,40.0,0.0,1,1.0
0 / END OF GENERATOR DATA, BEGIN BRANCH DATA
1,2,'1 ',0.01,0.08,0.04,100.0,110.0,120.0,0.0,0.0,0.0,0.0,1,1,0.0,1,1.0
2,3,'1 ',0.01,0.08,0.04,60.0,66.0,70.0,0.0,0.0,0.0,0.0,1,1,0.0,1,1.0
1,3,'1 ',0.02,0.12,0.06,60.0,66.0,70.0,0.0,0.0,0.0,0.0,1,1,0.0,1,1.0
0 / END OF BRANCH DATA, BEGIN TRANSFORMER DATA
0 / END OF TRANSFORMER DATA, BEGIN AREA DATA
Q
"""
