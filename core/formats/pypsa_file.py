"""PyPSA's files ↔ networks: netCDF, and the folder of CSV files in a zip archive."""

from __future__ import annotations

import io
import logging
import zipfile
import zlib
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from core.errors import BadInput, UnsafeFile
from core.findings import Finding, Reading, Source, Where
from core.formats.pypsa_net import from_pypsa, to_pypsa
from core.network import Network, check

#: The bytes that the CSV files of an archive may have together.
MAX_UNPACKED = 800 * 1024 * 1024


def read_pypsa(content: bytes, name: str = "") -> Reading[Network]:
    """Read the first snapshot of a network that PyPSA wrote as netCDF or as a folder of CSV files, zipped.

    Raises
    ------
    BadInput
        If PyPSA can't read the file.
    """
    import pypsa

    if not content.startswith((b"PK", b"CDF", b"\x89HDF")):
        hint = "Export it from PyPSA again; zip a folder of CSV files."
        raise BadInput("This is neither netCDF nor a zip archive.", hint=hint, where=Where(file=name))
    _quiet()
    n = pypsa.Network()
    with TemporaryDirectory() as folder:
        try:
            if content.startswith(b"PK"):
                _unpack(content, Path(folder), name)
                n.import_from_csv_folder(folder)
            else:
                path = Path(folder) / "network.nc"
                path.write_bytes(content)
                n.import_from_netcdf(path)
            if n.buses.empty:
                raise BadInput("The file has no buses of PyPSA.", where=Where(file=name))
            network, findings = from_pypsa(n)
        except (BadInput, UnsafeFile):
            raise
        except Exception as error:  # PyPSA and xarray raise whatever the file leads to
            raise BadInput(
                f"PyPSA can't read the file: {str(error).partition(chr(10))[0][:200]}", where=Where(file=name)
            ) from error
    source = Source(name, sha256(content).hexdigest(), "pypsa", str(getattr(n, "pypsa_version", "")))
    return Reading(network, [*findings, *check(network)], source)


def write_pypsa(network: Network) -> tuple[bytes, list[Finding]]:
    """Return a network as PyPSA's netCDF, and what PyPSA's elements can't hold."""
    n, findings = to_pypsa(network)
    _quiet()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.nc"
        n.export_to_netcdf(path)
        return path.read_bytes(), findings


def write_pypsa_csv(network: Network) -> tuple[bytes, list[Finding]]:
    """Return a network as PyPSA's folder of CSV files in a zip archive, and what PyPSA's elements can't hold."""
    n, findings = to_pypsa(network)
    _quiet()
    packed = io.BytesIO()
    with TemporaryDirectory() as folder, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        n.export_to_csv_folder(folder)
        for path in sorted(Path(folder).glob("*.csv")):
            archive.write(path, path.name)
    return packed.getvalue(), findings


def _quiet() -> None:
    """Keep PyPSA from telling what it reads and writes."""
    logging.getLogger("pypsa").setLevel(logging.WARNING)


def _unpack(content: bytes, folder: Path, name: str) -> None:
    """Write the archive's CSV files into a folder, whatever folders they are in."""
    where = Where(file=name)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = [part for part in archive.infolist() if part.filename.casefold().endswith(".csv")]
            if sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise UnsafeFile("the archive unpacks to more than 800 MB", where=where)
            for part in parts:
                (folder / PurePosixPath(part.filename).name).write_bytes(archive.read(part))
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise BadInput("The archive is damaged, cut off or protected.", hint="Pack it again.", where=where) from error
    if not (folder / "buses.csv").exists():
        raise BadInput("The archive has no buses.csv.", hint="Zip the folder that PyPSA wrote.", where=where)
