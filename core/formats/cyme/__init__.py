"""CYME: text exports, Access databases and XML studies → the feeder model. See ``read_cyme``."""

from core.formats.cyme.read import read_cyme, recognise

__all__ = ["read_cyme", "recognise"]
