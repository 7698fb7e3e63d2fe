"""What runs in the worker's own processes: nothing here knows messages, Redis or asyncio."""
