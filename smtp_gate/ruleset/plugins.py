"""Which rule families are installed: those that packages offer through the entry-point group `smtp_gate.families`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from smtp_gate.families.base import Family, Params
from smtp_gate.ruleset.schema import COMMON

GROUP: Final = "smtp_gate.families"
PACKAGE: Final = "smtp-gate"
"""The gate's own package, whose families no other package replaces."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_METHODS: Final = ("detectors", "needs", "check")
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Families:
    """The families by name, those that are offered but cannot be used, and offers that a family of ours outranks.

    `broken` and `refused` hold the reason by name; rules that use a broken family are refused, the others load.
    """

    known: Mapping[str, Family[Any]]
    broken: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


def installed() -> Families:
    """Load every family that is offered; one that cannot be loaded is kept with its reason, and nothing is raised."""
    offers: dict[str, list[EntryPoint]] = {}
    for offer in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        offers.setdefault(offer.name, []).append(offer)
    known: dict[str, Family[Any]] = {}
    broken: dict[str, str] = {}
    refused: dict[str, str] = {}
    for name, every in offers.items():
        ours = [offer for offer in every if _package(offer) == PACKAGE]
        if ours and len(every) > 1:
            refused[name] = f"{_packages(every, ours)} offers another of this name, which is not used"
        elif len(every) > 1:
            broken[name] = f"it is offered more than once, by {_packages(every)}: which one is meant?"
            continue
        family, reason = _load((ours or every)[0])
        if reason:
            broken[name] = reason
        else:
            known[name] = family
    return Families(known, broken, refused)


def _package(offer: EntryPoint) -> str:
    """The name of the package that makes the offer, as packages are compared."""
    return re.sub(r"[-_.]+", "-", offer.dist.name).lower() if offer.dist is not None else ""


def _packages(offers: Sequence[EntryPoint], but: Sequence[EntryPoint] = ()) -> str:
    return " and ".join(sorted({f"`{_package(offer) or offer.value}`" for offer in offers if offer not in but}))


def _load(offer: EntryPoint) -> tuple[Any, str]:
    """The family, and why it cannot be used; empty where it can."""
    try:
        family = offer.load()
        return family, _unfit(offer.name, family) or _unfit_schema(family.schema, ours=_package(offer) == PACKAGE)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plug-in may raise anything; rules that use it are then refused
        said = " ".join(str(error).split())
        return None, f"{type(error).__name__}: {said}"[:_SHOWN]


def _unfit(name: str, family: object) -> str:
    """Why the object is not a usable family; empty where it is one."""
    if _NAME.fullmatch(name) is None:
        return "its name is no word of small letters, digits and _"
    if isinstance(family, type):
        return "a class is offered, not an object of it"
    if getattr(family, "name", None) != name:
        return "its name differs from the name it is offered under"
    if not isinstance(getattr(family, "reads_content", None), bool):
        return "`reads_content` is neither true nor false"
    missing = next((m for m in _METHODS if not callable(getattr(family, m, None))), "")
    return f"it has no method `{missing}`" if missing else ""


def _unfit_schema(schema: object, *, ours: bool) -> str:
    """Why the parameters cannot be checked as those of every family; empty where they can. Raises what pydantic raises."""
    if not (isinstance(schema, type) and issubclass(schema, Params)):
        return "its schema is not a Params model"
    taken = sorted({f.alias or n for n, f in schema.model_fields.items()} & COMMON)
    if taken:
        return f"its parameter `{taken[0]}` is a word that every rule uses"
    if schema.model_config.get("extra") != "forbid" or not schema.model_config.get("frozen"):
        return "its schema takes unknown keys, or can be changed: leave `model_config` as Params has it"
    if not ours:
        # One that editors cannot be told of would take the schema of all packs down with it.
        schema.model_json_schema(by_alias=True)
    return ""
