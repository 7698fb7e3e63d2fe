"""A year of filing in simulated time."""
