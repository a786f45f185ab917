"""GIS: vector layers of feeder assets ↔ the feeder model, and reconciliation with CYME."""
