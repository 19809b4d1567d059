"""Octets → view: never raises, records defects, keeps to a budget."""
