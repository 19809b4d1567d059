"""Replay: what would change for mail of the past if a candidate ruleset were in use, told by the code that judges live."""
