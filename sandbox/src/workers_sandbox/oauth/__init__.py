"""ANAF's identity provider: codes, rotating refresh tokens, signed access tokens."""
