from __future__ import annotations

import streamlit as st

from core.errors import GridproofError
from core.findings import Severity
from core.formats.bundle import PSSE_VERSIONS, exports
from core.formats.references import reference
from core.plant import Plant, check_plant
from core.reports.block_diagram import block_diagram_svg
from core.reports.oneline import oneline_svg
from pages.parts.downloads import download, download_bundle, download_drawing
from pages.parts.drawing import drawing
from pages.parts.findings import counted, show_findings
from pages.parts.oneline import oneline
from pages.parts.opening import needed_project
from pages.parts.previews import preview
from pages.parts.shell import guard, show_error

guard()

TOOLS = {
    "ETAP": "Equipment and scenarios for DataX, and a workbook with a sheet for each kind of element.",
    "PSS/E": "A network model that solves, scenarios with their events, contingencies, subsystem and monitoring.",
    "Windchill RAM": "Components with MTBF and MTTR, the reliability block diagram, failure modes.",
    "Gridproof": "The plant itself, complete: to keep it, to edit it in a spreadsheet, to start another project.",
}
ONELINE, BLOCKS = "One-line", "Block diagram"


def tool_files(tool: str) -> None:
    st.markdown(TOOLS[tool])
    files = {each.file.rpartition("/")[2]: each for each in exports(version) if each.tool == tool}
    name = st.segmented_control("File", list(files), default=next(iter(files)), key=f"file-{tool}", required=True)
    file = files[name]
    st.subheader(file.what)
    try:
        preview(project.id, project.revision, plant, file.file, version)
        download(project.id, project.revision, file.file, version)
    except GridproofError as error:
        show_error(error)
    st.subheader("Reference structure")
    st.dataframe(reference(file.file, version), hide_index=True, width="stretch")


st.title("Export hub")
project = needed_project("Every exported file derives from a project's plant: the sample's, or that of your own file.")
plant = Plant.from_document(project.plant_document)
findings = check_plant(plant)
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    version = st.segmented_control(
        "RAW version for PSS/E", PSSE_VERSIONS, default=35, key="psse-version", required=True
    )
    download_bundle(project.id, project.revision, version)
if any(finding.severity is Severity.ERROR for finding in findings):
    text = f"The plant has {counted(findings)}: some files can't be written or will not solve."
    st.error(text, icon=":material/error:")
if findings:
    with st.expander(f"Data quality: {counted(findings)}"):
        show_findings(findings)

views = [ONELINE, *TOOLS, BLOCKS]
view = st.segmented_control("Show", views, default=ONELINE, key="export-view", required=True)
if view == ONELINE:
    oneline(plant, key="export-oneline")
    download_drawing(oneline_svg(plant), "one_line.svg")
elif view == BLOCKS:
    picture = block_diagram_svg(plant)
    drawing(picture, key="export-blocks")
    download_drawing(picture, "block_diagram.svg")
else:
    tool_files(view)
