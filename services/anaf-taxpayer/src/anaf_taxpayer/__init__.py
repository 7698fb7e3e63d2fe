"""Taxpayer look-up: is this fiscal code real, and what does the authority say of it?"""
