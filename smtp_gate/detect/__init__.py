"""Detectors: named patterns with validators and supporting evidence, compiled into one engine for all rules."""
