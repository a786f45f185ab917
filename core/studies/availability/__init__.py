"""Availability: exact where it can be, simulated where units age, queue for repair or live on a battery."""
