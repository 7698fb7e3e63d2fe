"""The command `workers`: send commands, watch events, look after dead letters."""
