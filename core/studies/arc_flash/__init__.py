"""Arc flash to IEEE 1584-2018."""

from core.studies.arc_flash.ieee_1584 import arc_flash, out_of_range
from core.studies.arc_flash.study import plant_arc_flash

__all__ = ["arc_flash", "out_of_range", "plant_arc_flash"]
