"""Windchill RAM: availability results, components, block diagrams and FMEA as tables."""
