"""Drawings and documents: the one-line, the block diagram, the export bundle's previews, PDF and workbook reports."""
