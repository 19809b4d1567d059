"""`smtp-gate schema`: the schemas of the files people write, for editors, and the reference of the rule language."""

import json
from pathlib import Path
from typing import Any, Final

import click

from smtp_gate.adapters.directory_columns import row_schema
from smtp_gate.cli.options import config_option
from smtp_gate.config import config_schema
from smtp_gate.ruleset.json_schema import pack_schema, waivers_schema
from smtp_gate.ruleset.plugins import Families
from smtp_gate.ruleset.reference import reference
from smtp_gate.ruleset.shipped import shipped

WHAT: Final = ("pack", "config", "directory", "waivers", "rules")
FILES: Final = {
    "pack": "rules/schema/pack.schema.json",
    "waivers": "rules/schema/waivers.schema.json",
    "config": "config/smtp-gate.schema.json",
    "directory": "config/directory.schema.json",
}
"""Where the schemas lie beside the files that name them in their first line."""
PAGE: Final = "docs/rules.md"
"""Where the reference of the rule language lies, in a folder that has docs/."""


@click.command()
@config_option
@click.option(
    "--write",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Renew all of them below DIR, which holds config/ and rules/ (and docs/), instead of printing one.",
)
@click.argument("what", type=click.Choice(WHAT), default="pack")
def schema(config_file: Path | None, folder: Path | None, what: str) -> None:  # noqa: ARG001 - every command takes -c; a schema needs no settings
    """Print the JSON Schema of packs, settings, rows of the directory or files of waivers, for editors.

    `rules` prints the reference of the rule language instead, as a page in Markdown. Families of plug-ins that are
    installed are in both.

    Example: smtp-gate schema pack > rules/schema/pack.schema.json
    """
    if folder is None:
        click.echo(printed(what), nl=False)
        return
    if not folder.is_dir():
        raise click.UsageError(f"{folder} is no folder; name the one that holds config/ and rules/")
    pages = {"rules": PAGE} if (folder / PAGE).parent.is_dir() else {}
    for name, file in (FILES | pages).items():
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(printed(name), "utf-8")
        click.echo(f"wrote {target}")


def printed(what: str, families: Families | None = None) -> str:
    """A schema, or the page, as it is printed and shipped; `families` in place of those that are installed."""
    if what == "rules":
        return reference(families)
    made: dict[str, Any]
    match what:
        case "config":
            made = config_schema()
        case "directory":
            made = row_schema()
        case "waivers":
            made = waivers_schema()
        case _:
            made = pack_schema(families, shipped())
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"
