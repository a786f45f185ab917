"""Networks in any format: which one a file has, reading it, writing it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import BadInput
from core.findings import Finding, Reading, Where
from core.formats.matpower import read_matpower, write_matpower
from core.formats.matpower.network import read_matpower_bare
from core.formats.pandapower_file import read_pandapower, read_pandapower_bare, write_pandapower
from core.formats.powermodels.network import read_powermodels, read_powermodels_bare, write_powermodels
from core.formats.psse_file import read_psse, read_psse_bare, write_raw_file, write_rawx_file
from core.formats.pypsa_file import read_pypsa, read_pypsa_bare, write_pypsa, write_pypsa_csv
from core.formats.riders import original_of, remembering
from core.network import Network
from core.network.checks import CHECKING
from core.steps import step

Read = Callable[[bytes, str], Reading[Network]]
Bare = Callable[[bytes], Network]
Written = tuple[bytes, list[Finding]]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of networks."""

    name: str
    title: str
    ending: str
    read: Read
    write: Callable[[Network, int | None], Written]
    bare: Bare  # reads what others read from a file of ours: without what rides along
    versions: tuple[int, ...] = ()


def _written_back(form: str, write: Callable[[Network], Written]) -> Callable[[Network, int | None], Written]:
    """Return the writer of a format without versions: a network that is as its file has it is that file."""

    def written(network: Network, version: int | None) -> Written:
        original = original_of(network)
        return (original.content, []) if original and original.form == form else write(network)

    return written


def _format(name: str, title: str, ending: str, read: Read, write: Callable[[Network], Written], bare: Bare) -> Format:
    """Return a format without versions whose files are kept beside what is read from them."""
    return Format(name, title, ending, remembering(name, read), _written_back(name, write), bare)


#: The formats by name. Those of slow libraries are imported when they are used.
FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        Format("raw", "PSS/E RAW", ".raw", read_psse, write_raw_file, read_psse_bare, (33, 34, 35)),
        Format("rawx", "PSS/E RAWX", ".rawx", read_psse, write_rawx_file, read_psse_bare, (35,)),
        _format("matpower", "MATPOWER", ".m", read_matpower, write_matpower, read_matpower_bare),
        _format("powermodels", "PowerModels", ".json", read_powermodels, write_powermodels, read_powermodels_bare),
        _format("pandapower", "pandapower JSON", ".json", read_pandapower, write_pandapower, read_pandapower_bare),
        _format("pypsa", "PyPSA netCDF", ".nc", read_pypsa, write_pypsa, read_pypsa_bare),
        _format("pypsa-csv", "PyPSA CSV folder", ".zip", read_pypsa, write_pypsa_csv, read_pypsa_bare),
    )
}


#: The parts of reading, as it says that they begin.
PARTS = ("Reading the file", CHECKING)
#: The formats whose files hold whatever a case of PSS/E says.
PSSE = ("raw", "rawx")


def read_network(data: bytes, name: str) -> Reading[Network]:
    """Read a network in any of the formats; the content decides, the name's ending helps.

    Raises
    ------
    BadInput
        When the file is in none of the formats, or can't be read at all.
    """
    form = FORMATS[recognise(data, name)]
    step(PARTS[0])
    try:
        reading = form.read(data, name)
    except BadInput as error:
        error.locate(name, f"Correct it, or export the file again as {form.title}.")
        raise
    found = [
        replace(finding, where=replace(finding.where, file=finding.where.file or name)) for finding in reading.findings
    ]
    return replace(reading, findings=found)


def recognise(data: bytes, name: str) -> str:
    """Return the name of the format that the bytes have."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise BadInput("The file is empty.", hint="Choose a network file.", where=Where(file=name))
    ending = Path(name).suffix.lower()
    if ending == ".nc" or data[:4] in (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF"):
        return "pypsa"
    if ending == ".zip" or data[:2] == b"PK":
        return "pypsa-csv"
    if start[:1] == b"{":
        if b'"pandapower' in data[:4096] or b'"_module"' in data[:65536]:
            return "pandapower"
        return "rawx" if b'"caseid"' in data[:65536] or ending == ".rawx" else "powermodels"
    if ending == ".m" or re.search(rb"^\s*(function\s+\w+\s*=|mpc\.\w+\s*=)", data[:65536], re.MULTILINE):
        return "matpower"
    return "raw"


def format_of(name: str, chosen: str | None = None) -> Format:
    """Return the format to write a file of this name in.

    Raises
    ------
    BadInput
        When the format is unknown or the ending names none.
    """
    known = ", ".join(FORMATS)
    if chosen is not None:
        if chosen not in FORMATS:
            raise BadInput(f"There is no format {chosen!r}.", hint=f"Formats are {known}.")
        return FORMATS[chosen]
    ending = Path(name).suffix.lower()
    found = next((form for form in FORMATS.values() if form.ending == ending), None)
    if found is None:
        raise BadInput(f"The ending {ending!r} names no format.", hint=f"Name one: {known}.", where=Where(file=name))
    return found
