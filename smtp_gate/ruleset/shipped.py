"""What the shipped packs bring along for others to name: their detectors and keyword lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from smtp_gate.ruleset.packs import Source, pack_files, read_source, shipped_rules
from smtp_gate.ruleset.schema import DetectorModel


@dataclass(frozen=True, slots=True)
class Shipped:
    """Detectors with the pack each stands in, and keyword lists, by name."""

    detectors: Mapping[str, tuple[str, DetectorModel]] = field(default_factory=dict)
    keywords: tuple[str, ...] = ()


def shipped() -> Shipped:
    """Read the shipped packs; what cannot be read of them is left out, since `check` tells of it."""
    folder = shipped_rules()
    detectors: dict[str, tuple[str, DetectorModel]] = {}
    keywords: list[str] = []
    for file in pack_files([folder]) if folder is not None else ():
        source = read_source(file, []) if isinstance(file, Path) else None
        if source is not None:
            detectors |= _detectors(source)
            keywords += source.entries("keywords")
    return Shipped(detectors, tuple(sorted(keywords)))


def _detectors(source: Source) -> dict[str, tuple[str, DetectorModel]]:
    found = {}
    for name, raw in source.entries("detectors").items():
        try:
            found[name] = source.name, DetectorModel.model_validate(raw)
        except ValidationError:
            continue
    return found
