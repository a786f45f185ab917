"""PSS/E records ride along through formats that have no place for them."""

from __future__ import annotations

from core.formats.psse import RawCase, read_raw_case, write_raw_case
from core.network import Network


def raw_text(network: Network) -> str | None:
    """Return the PSS/E case that the network was read from as RAW text; nothing when it came from elsewhere."""
    case = network.extras.get("psse")
    return write_raw_case(case, case.version) if isinstance(case, RawCase) else None


def restore_raw(network: Network, text: str) -> None:
    """Give the network its PSS/E case back."""
    network.extras["psse"] = read_raw_case(text.encode("utf-8"), "what rode along").value
