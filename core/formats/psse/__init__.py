"""PSS/E: power-flow cases (RAW, RAWX), dynamics (dyr), contingency text (con, sub, mon)."""

from core.formats.psse.raw import RawCase, read_raw, read_raw_case, write_raw, write_raw_case

__all__ = ["RawCase", "read_raw", "read_raw_case", "write_raw", "write_raw_case"]
