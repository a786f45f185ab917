"""Drawings and documents: the one-line, the block diagram, the report of a validation as PDF and workbook."""
