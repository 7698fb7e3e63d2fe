"""The 25 misbehaviours: what they are, how one is chosen, what it does to an answer."""
