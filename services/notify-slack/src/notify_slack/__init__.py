"""Slack: a message comes in, people read it once."""
