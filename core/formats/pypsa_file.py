"""PyPSA's files ↔ networks: netCDF, and the folder of CSV files in a zip archive."""

from __future__ import annotations

import io
import logging
import zipfile
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Reading, Source, Where
from core.formats.archive import unpack
from core.formats.pypsa_net import from_pypsa, to_pypsa
from core.formats.riders import RIDER, original_of, rider, rode_along, stale
from core.network import Network, check


def read_pypsa(content: bytes, name: str = "") -> Reading[Network]:
    """Read the first snapshot of a network that PyPSA wrote as netCDF or as a folder of CSV files, zipped.

    Raises
    ------
    BadInput
        If PyPSA can't read the file.
    """
    n, network, findings = _opened(content, name)
    aboard = n.meta.get(RIDER) if isinstance(n.meta, dict) else None
    if riding := rode_along(aboard, _body(network)):
        network, findings = riding, []
    elif aboard is not None:
        findings.append(stale("pypsa.rider.stale"))
    source = Source(name, sha256(content).hexdigest(), "pypsa", str(getattr(n, "pypsa_version", "")))
    return Reading(network, [*findings, *check(network)], source)


def read_pypsa_bare(content: bytes) -> Network:
    """Return the network that others read from a file of ours: without what rides along."""
    return _opened(content, "")[1]


def attributes_of(content: bytes) -> dict[str, pd.DataFrame]:
    """Return what a file gives for the elements of each class, by attribute; ``snapshots`` for one that varies."""
    import pypsa

    n, empty = _opened(content, "")[0], pypsa.Network()
    found = {}
    for kind in n.components:
        given = kind.static[~kind.static.index.isin(empty.components[kind.name].static.index)]  # without standard types
        if given.empty or kind.name == "SubNetwork":
            continue
        declared = kind.defaults[kind.defaults["status"].str.startswith("Input")]
        own = [name for name in given if name in declared.index or name not in kind.defaults.index]
        frame = given[own].astype(object)
        frame = frame.mask(frame.eq(declared["default"].reindex(own), axis=1))
        series = {name: table.columns for name, table in kind.dynamic.items() if len(n.snapshots) > 1}
        steps = {
            f"{name} at all snapshots": pd.Series(len(n.snapshots), ids) for name, ids in series.items() if len(ids)
        }
        found[str(kind.list_name)] = frame.assign(**steps)
    return found


def _opened(content: bytes, name: str) -> tuple[Any, Network, list[Finding]]:
    """Return what PyPSA reads, and the network that this is."""
    import pypsa

    if not content.startswith((b"PK", b"CDF", b"\x89HDF")):
        hint = "Export it from PyPSA again; zip a folder of CSV files."
        raise BadInput("This is neither netCDF nor a zip archive.", hint=hint, where=Where(file=name))
    _quiet()
    n = pypsa.Network()
    with TemporaryDirectory() as folder:
        try:
            if content.startswith(b"PK"):
                n.import_from_csv_folder(_unpacked(content, Path(folder), name))
            else:
                path = Path(folder) / "network.nc"
                path.write_bytes(content)
                n.import_from_netcdf(path)
            if n.buses.empty:
                raise BadInput("The file has no buses of PyPSA.", where=Where(file=name))
            network, findings = from_pypsa(n)
        except BadInput:
            raise
        except Exception as error:  # PyPSA and xarray raise whatever the file leads to
            raise BadInput(
                f"PyPSA can't read the file: {str(error).partition(chr(10))[0][:200]}", where=Where(file=name)
            ) from error
    return n, network, findings


def write_pypsa(network: Network) -> tuple[bytes, list[Finding]]:
    """Return a network as PyPSA's netCDF, and what PyPSA's elements can't hold: it rides along."""
    n, findings = _to_pypsa(network)
    _quiet()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.nc"
        n.export_to_netcdf(path)
        n.meta = _aboard(network, path)
        n.export_to_netcdf(path)
        return path.read_bytes(), findings


def write_pypsa_csv(network: Network) -> tuple[bytes, list[Finding]]:
    """Return a network as PyPSA's folder of CSV files in a zip archive, and what they can't hold."""
    n, findings = _to_pypsa(network)
    _quiet()
    packed = io.BytesIO()
    with TemporaryDirectory() as folder, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        n.export_to_csv_folder(folder)
        n.meta = _aboard(network, folder)
        n.export_to_csv_folder(folder)
        for path in sorted(each for each in Path(folder).iterdir() if each.suffix in (".csv", ".json")):
            archive.writestr(
                zipfile.ZipInfo(path.name), path.read_bytes(), zipfile.ZIP_DEFLATED
            )  # equal bytes each time
    return packed.getvalue(), findings


def _to_pypsa(network: Network) -> tuple[Any, list[Finding]]:
    """Return the network as PyPSA's: the very one that it is from, if it is still as it was read."""
    original = original_of(network)
    if original and original.form.startswith("pypsa"):
        return _opened(original.content, "")[0], []
    return to_pypsa(network)


def _aboard(network: Network, written: str | Path) -> dict[str, Any]:
    """Return what rides along with a written network."""
    import pypsa

    return {RIDER: rider(network, _body(from_pypsa(pypsa.Network(str(written)))[0]))}


def _body(network: Network) -> bytes:
    return "".join(frame.to_csv() for frame in network.tables.values()).encode()


def _quiet() -> None:
    """Keep PyPSA from telling what it reads and writes."""
    logging.getLogger("pypsa").setLevel(logging.WARNING)


def _unpacked(content: bytes, folder: Path, name: str) -> Path:
    """Unpack the folder that PyPSA wrote, and return it, wherever it stands in the archive."""
    unpack(content, folder, name)
    found = next(iter(sorted(folder.rglob("buses.csv"))), None)
    if found is None:
        hint = "Zip the folder that PyPSA wrote."
        raise BadInput("The archive has no buses.csv.", hint=hint, where=Where(file=name))
    return found.parent
