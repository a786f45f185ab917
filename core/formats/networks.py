"""Networks in any format: which one a file has, reading it, writing it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput
from core.findings import Finding, Reading, Where
from core.formats.matpower import read_matpower, write_matpower
from core.formats.matpower.network import read_matpower_without_riders
from core.formats.pandapower_file import read_pandapower, read_pandapower_without_riders, write_pandapower
from core.formats.powermodels.network import (
    read_powermodels,
    read_powermodels_without_riders,
    write_powermodels,
)
from core.formats.psse import read_raw, read_rawx, write_raw, write_rawx
from core.formats.psse.raw import read_raw_without_riders
from core.formats.pypsa_file import read_pypsa, read_pypsa_without_riders, write_pypsa, write_pypsa_csv
from core.network import Network

Written = tuple[bytes, list[Finding]]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of networks."""

    name: str
    title: str
    ending: str
    read: Callable[[bytes, str], Reading[Network]]
    write: Callable[[Network, int | None], Written]
    versions: tuple[int, ...] = ()
    without_riders: Callable[[bytes], Network] | None = None  # where something rides along that only we read


def _write_raw(network: Network, version: int | None) -> Written:
    version = version or 33
    return _encoded(write_raw(network, version), network, "raw", version), []


def _write_rawx(network: Network, version: int | None) -> Written:
    return _encoded(write_rawx(network), network, "rawx", 35), []


def _encoded(text: str, network: Network, form: str, version: int) -> bytes:
    """Return the text in the encoding of the file that the network is from, if that has the same format and version."""
    original = getattr(network.extras.get("psse"), "original", None)
    if original and original.is_rawx == (form == "rawx") and network.extras["psse"].version == version:
        try:
            return text.encode(original.encoding)
        except UnicodeEncodeError:  # a new name with other characters
            return text.encode()
    return text.encode()


def _unversioned(write: Callable[[Network], Written]) -> Callable[[Network, int | None], Written]:
    """Return the writer of a format that has no versions to choose from."""
    return lambda network, version: write(network)


#: The formats by name. Those of slow libraries are imported when they are used.
FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        Format("raw", "PSS/E RAW", ".raw", read_raw, _write_raw, (33, 34, 35), read_raw_without_riders),
        Format("rawx", "PSS/E RAWX", ".rawx", read_rawx, _write_rawx, (35,)),
        Format(
            "matpower", "MATPOWER", ".m", read_matpower, _unversioned(write_matpower), (),
            read_matpower_without_riders,
        ),
        Format(
            "powermodels", "PowerModels", ".json", read_powermodels, _unversioned(write_powermodels), (),
            read_powermodels_without_riders,
        ),
        Format(
            "pandapower", "pandapower JSON", ".json", read_pandapower, _unversioned(write_pandapower), (),
            read_pandapower_without_riders,
        ),
        Format("pypsa", "PyPSA netCDF", ".nc", read_pypsa, _unversioned(write_pypsa), (), read_pypsa_without_riders),
        Format(
            "pypsa-csv", "PyPSA CSV folder", ".zip", read_pypsa, _unversioned(write_pypsa_csv), (),
            read_pypsa_without_riders,
        ),
    )
}  # fmt: skip


def read_network(data: bytes, name: str) -> Reading[Network]:
    """Read a network in any of the formats; the content decides, the name's ending helps.

    Raises
    ------
    BadInput
        When the file is in none of the formats, or can't be read at all.
    """
    form = FORMATS[recognise(data, name)]
    try:
        return form.read(data, name)
    except BadInput as error:
        error.locate(name, f"Correct it, or export the file again as {form.title}.")
        raise


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
