"""Rule families: one file each, offered through the entry-point group `smtp_gate.families`."""
