"""Tolerant tables: cells, numbers, files of rows and headings, in and out."""
