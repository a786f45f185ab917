"""ETAP: study results as tables and as report databases."""
