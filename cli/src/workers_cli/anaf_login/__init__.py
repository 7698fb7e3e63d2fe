"""Logging in at ANAF: the page that ANAF sends the browser back to, and what is kept of it."""
