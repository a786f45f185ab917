"""The optimiser that sizes a plant, and the loop that makes it pass every stage."""
