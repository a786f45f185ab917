"""OpenDSS: circuits ↔ the feeder model. Reading goes through the engine, writing is ours."""

from core.formats.opendss.names import Names
from core.formats.opendss.read import looks_like_dss, main_file, read_opendss
from core.formats.opendss.write import Script, script_of

__all__ = ["Names", "Script", "looks_like_dss", "main_file", "read_opendss", "script_of"]
