"""Networks and RAW texts that the PSS/E tests share, written by hand."""

from __future__ import annotations

import pandas as pd

from core.network import Network

V33 = """\
0, 100.0, 33, 0, 1, 60.0 / hand-written
A title, with a comma
and 'quotes'
1,'SWING       ',138.0,3,1,1,1,1.02,0.0,1.1,0.9,1.1,0.9
2,'O'DONNELL / A',138.0,1,1,1,1,0.99,-3.5,1.1,0.9,1.1,0.9
3,"DC, SOUTH",13.8,2,1,1,1,1.01,-1.25,1.1,0.9,1.1,0.9
0 / END OF BUS DATA, BEGIN LOAD DATA
2,'1 ',1,1,1,80.0,20.0,5.0,1.0,4.0,-2.0,1,1,0
0 / END OF LOAD DATA, BEGIN FIXED SHUNT DATA
2,'F1',1,0.5,12.0
0 / END OF FIXED SHUNT DATA, BEGIN GENERATOR DATA
1,'1 ',60.0,5.0,50.0,-50.0,1.02,0,100.0,0.0,0.2,0.0,0.0,1.0,1,100.0,200.0,0.0,1,1.0
3,'1 ',30.0,2.0,20.0,-10.0,1.01,2,50.0,0.0,0.25,0.0,0.0,1.0,1,100.0,40.0,0.0,1,1.0 / remote
0 / END OF GENERATOR DATA, BEGIN BRANCH DATA
1,-2,'1 ',0.01,0.08,0.04,100.0,110.0,120.0,0.0,0.001,0.0,0.002,1,1,12.5,1,1.0
0 / END OF BRANCH DATA, BEGIN TRANSFORMER DATA
2,3,0,'1 ',2,2,2,25000.0,0.004,2,'UNIT        ',1,1,1.0,0,1.0,0,1.0,0,1.0,'YNd11       '
0.004,0.09,60.0
140.0,138.0,30.0,60.0,66.0,70.0,1,2,144.9,131.1,1.05,0.95,17,0,0.0,0.0,0.0
13.9,13.8
1,2,3,'T3',1,1,1,0.001,-0.002,2,'THREE       ',3,1,1.0
0.001,0.1,100.0,0.002,0.2,100.0,0.003,0.15,100.0,1.0,0.0
1.0,138.0,0.0,50.0,0.0,0.0,0,0,1.1,0.9,1.1,0.9,33,0,0.0,0.0,0.0
1.0,138.0,0.0,50.0,0.0,0.0,0,0,1.1,0.9,1.1,0.9,33,0,0.0,0.0,0.0
1.0,13.8,30.0,20.0,0.0,0.0,0,0,1.1,0.9,1.1,0.9,33,0,0.0,0.0,0.0
0 / END OF TRANSFORMER DATA, BEGIN AREA DATA
1,1,0.0,10.0,'MAIN        '
0 / END OF AREA DATA, BEGIN TWO-TERMINAL DC DATA
0 / END OF TWO-TERMINAL DC DATA, BEGIN VSC DC LINE DATA
'LINK        ',1,0.5,1,1.0
1,2,2,-20.0,0.98,100.0,0.1,50.0,0.0,0.0,1.0,10.0,-10.0,0,100.0
3,1,1,100.0,1.01,100.0,0.1,50.0,0.0,0.0,1.0,10.0,-10.0,0,100.0
0 / END OF VSC DC LINE DATA, BEGIN IMPEDANCE CORRECTION DATA
1,0.9,1.05,1.0,1.0,1.1,0.97
0 / END OF IMPEDANCE CORRECTION DATA, BEGIN MULTI-TERMINAL DC DATA
0 / END OF MULTI-TERMINAL DC DATA, BEGIN MULTI-SECTION LINE DATA
0 / END OF MULTI-SECTION LINE DATA, BEGIN ZONE DATA
1,'ZONE A      '
0 / END OF ZONE DATA, BEGIN INTER-AREA TRANSFER DATA
0 / END OF INTER-AREA TRANSFER DATA, BEGIN OWNER DATA
1,'OWNER       '
0 / END OF OWNER DATA, BEGIN FACTS DEVICE DATA
0 / END OF FACTS DEVICE DATA, BEGIN SWITCHED SHUNT DATA
2,1,0,1,1.05,0.95,0,100.0,'            ',10.0,2,5.0,1,-3.0
0 / END OF SWITCHED SHUNT DATA, BEGIN GNE DATA
0 / END OF GNE DATA, BEGIN INDUCTION MACHINE DATA
0 / END OF INDUCTION MACHINE DATA
Q
"""


def three_buses() -> Network:
    """Return a network without any file behind it."""
    tables = {
        "bus": [
            {"bus": 1, "name": "GRID", "base_kv": 110.0, "kind": "SLACK", "v_pu": 1.02},
            {"bus": 2, "name": "LOAD", "base_kv": 110.0},
            {"bus": 30, "name": "UNIT", "base_kv": 10.5, "kind": "PV"},
        ],
        "load": [{"bus": 2, "ckt": "1", "p_mw": 50.0, "q_mvar": 10.0, "yq_mvar": 3.0}],
        "generator": [
            {"bus": 1, "ckt": "1", "p_mw": 30.0},
            {"bus": 30, "ckt": "G1", "p_mw": 20.0, "v_set_pu": 1.01, "mva_base": 40.0, "regulated_bus": 2},
        ],
        "shunt": [{"bus": 2, "ckt": "1", "b_mvar": 12.0}],
        "branch": [{"from_bus": 1, "to_bus": 2, "ckt": "1", "r_pu": 0.01, "x_pu": 0.1, "b_from_pu": 0.02}],
        "transformer": [{"from_bus": 2, "to_bus": 30, "ckt": "1", "x_pu": 0.2, "tap_from_pu": 1.05, "shift_deg": 30.0}],
    }
    return Network("three buses", tables={name: pd.DataFrame(rows) for name, rows in tables.items()})
