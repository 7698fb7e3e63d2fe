"""The registry: heartbeats in, the state of all workers out."""
