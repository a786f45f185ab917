"""PSS/E: power-flow cases (RAW, RAWX), dynamics (dyr), contingency text (con, sub, mon)."""

from core.formats.psse.case import RawCase
from core.formats.psse.from_network import from_network
from core.formats.psse.raw import read_raw, read_rawx, write_raw, write_rawx
from core.formats.psse.raw_reader import read_raw_case
from core.formats.psse.raw_text import write_raw_case
from core.formats.psse.rawx import read_rawx_case, write_rawx_case
from core.formats.psse.to_network import to_network

__all__ = [
    "RawCase",
    "from_network",
    "read_raw",
    "read_raw_case",
    "read_rawx",
    "read_rawx_case",
    "to_network",
    "write_raw",
    "write_raw_case",
    "write_rawx",
    "write_rawx_case",
]
