"""A mail server that delivers nothing: what it took in is shown, and it misbehaves on request."""
