"""Which rule families are installed: those that packages offer through the entry-point group `smtp_gate.families`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, Final

from smtp_gate.families.base import Family, Params
from smtp_gate.ruleset.schema import COMMON

GROUP: Final = "smtp_gate.families"


@dataclass(frozen=True, slots=True)
class Families:
    """The families by name, and those that are offered but cannot be used, with the reason."""

    known: Mapping[str, Family[Any]]
    broken: Mapping[str, str] = field(default_factory=dict)


def installed() -> Families:
    """Load every family that is offered; one that cannot be loaded is kept with its reason."""
    known: dict[str, Family[Any]] = {}
    broken: dict[str, str] = {}
    for offer in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        try:
            family = offer.load()
            reason = _unfit(offer.name, family)
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything; rules that use it are then refused
            family, reason = None, f"{type(error).__name__}: {error}"
        if reason:
            broken[offer.name] = reason
        else:
            known[offer.name] = family
    return Families(known, broken)


def _unfit(name: str, family: object) -> str:
    """Why the object is not a usable family; empty where it is one."""
    if getattr(family, "name", None) != name:
        return "its name differs from the name it is offered under"
    schema = getattr(family, "schema", None)
    if not (isinstance(schema, type) and issubclass(schema, Params)):
        return "its schema is not a Params model"
    taken = sorted({f.alias or n for n, f in schema.model_fields.items()} & COMMON)
    return f"its parameter `{taken[0]}` is a word that every rule uses" if taken else ""
