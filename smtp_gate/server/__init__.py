"""The only places that construct: they build the gate from its settings and run it."""
