"""Masks: what of a value may be shown as evidence (PCI DSS 3.4.1 allows the last four; nothing here shows more)."""

from collections.abc import Callable, Mapping
from typing import Final


def last4(value: str) -> str:
    """Everything but the last four letters and digits covered, separators kept: `***-**-8726`; short values wholly."""
    signs = [i for i, c in enumerate(value) if c.isalnum()]
    shown = set(signs[-4:]) if len(signs) >= 9 else set()
    return "".join(c if not c.isalnum() or i in shown else "*" for i, c in enumerate(value))


def every(value: str) -> str:
    """Every letter and digit covered."""
    return "".join("*" if c.isalnum() else c for c in value)


MASKS: Final[Mapping[str, Callable[[str], str]]] = {"last4": last4, "all": every}
"""Every mask by the name that packs use."""
