"""Receiving: the lists of a company's box are read, and each message in them is fetched once."""
