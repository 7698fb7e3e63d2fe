"""The memory of the workers that file documents: intent before effect, outcome after."""
