"""Result files in our own words: the rows of the specification and a way to print them in any dialect."""

from __future__ import annotations

import csv
import io

LOAD_FLOW = """\
Bus_ID,Bus_Name,Voltage_kV,Voltage_pu,Angle_deg,P_MW,Q_MVAR,Loading_pct
BUS_100,RECIP_1_BUS,13.80,1.012,2.3,18.3,9.8,72.5
BUS_200,MAIN_BUS,13.80,1.000,0.0,-200.0,-65.0,75.2
"""
SHORT_CIRCUIT = """\
Bus_ID,Bus_Name,Fault_Type,Isc_kA,X_R_Ratio,Breaker_Rating_kA,Duty_pct
BUS_200,MAIN_BUS,3-Phase,42.8,18.2,63.0,67.9
"""
POWER_FLOW = """\
BUS,NAME,VM_PU,VA_DEG,P_GEN_MW,Q_GEN_MVAR,P_LOAD_MW,Q_LOAD_MVAR
100,RECIP_01,1.010,2.3,18.3,9.8,0.0,0.0
200,MAIN_BUS,1.000,0.0,0.0,0.0,200.0,66.0
"""
AVAILABILITY = """\
Block_ID,Block_Name,Availability,MTBF_Hours,MTTR_Hours,Annual_Downtime_Hours
THERMAL_GEN,Thermal Generation,0.99987,76923,10,1.14
ELECTRICAL,Electrical Distribution,0.99985,67308,10,1.31
SYSTEM,Complete System,0.99972,35714,10,2.45
"""
EQUIPMENT = """\
ID,Name,Type,Bus_ID,Rated_kV,Rated_MW,Rated_MVA,Rated_PF,Xd_pu,Xd_prime_pu,Xd_double_prime_pu,H_inertia_sec,Status
GEN_RECIP_01,Recip Engine 1,Synchronous Generator,BUS_100,13.8,18.3,21.5,0.85,1.80,0.25,0.18,1.5,Online
"""
COMPONENTS = """\
Component_ID,Component_Name,Component_Type,MTBF_Hours,MTTR_Hours,Failure_Rate_Per_Hour,Availability,Distribution,\
Weibull_Beta
GEN_RECIP_01,Recip Engine 1,RECIPROCATING_ENGINE,8760,24,1.14E-04,0.9973,Exponential,1.0
GEN_GT_01,Gas Turbine 1,GAS_TURBINE,17520,48,5.71E-05,0.9973,Weibull,1.5
"""
RBD = """\
Block_ID,Block_Name,Block_Type,Components,K_Required,N_Total,Description
ELECTRICAL,Electrical Distribution,SERIES,"XFMR_MAIN,SWGR_MAIN",2,2,All required
SYSTEM,Complete System,SERIES,"THERMAL_GEN,ELECTRICAL",2,2,Top level
"""
SCENARIOS = """\
Scenario_ID,Name,Type,Load_MW,Load_PF,Tripped_Equipment,Description
BASE_100,Base Case - 100% Load,Normal,200.0,0.95,,All equipment online
N2_GT_BOTH,N-2: Both GTs Trip,N-2 Contingency,200.0,0.95,"GEN_GT_01,GEN_GT_02",Double contingency
"""


def cells_of(text: str) -> list[list[str]]:
    """Return the cells of a comma-separated text."""
    return list(csv.reader(io.StringIO(text)))


def delimited(rows: list[list[str]], delimiter: str) -> str:
    """Return the rows as delimited text."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    """Return the sheets as an XLSX workbook: numbers as numbers, text as text."""
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    sheet.write_string(r, c, cell) if isinstance(cell, str) else sheet.write_number(r, c, cell)
    return content.getvalue()
