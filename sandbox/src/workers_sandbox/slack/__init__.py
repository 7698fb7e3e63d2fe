"""Slack: incoming webhooks and the part of the Web API that posts, finds, changes and shares."""
