"""Runs workers-core on one machine: servers, sandbox, workers, demonstration."""
