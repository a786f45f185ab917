"""Our own plant file: a JSON document, or a workbook with one sheet a table."""
