"""YAML becomes a ruleset, or a list of every mistake with its line."""
