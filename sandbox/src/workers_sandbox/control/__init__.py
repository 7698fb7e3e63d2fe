"""The control API: ask for misbehaviours, read what arrived, move the clock, start again."""
