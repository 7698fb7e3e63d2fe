"""A buyer's message to a supplier, sent through SPV."""
