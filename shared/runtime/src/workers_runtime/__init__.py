"""The kernel that every worker runs on. Knows AMQP, Redis, logs, metrics; no business word."""
