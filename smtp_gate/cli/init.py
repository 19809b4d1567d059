"""`smtp-gate init`: a starter folder with settings, directory, and packs to edit or a pack beside the shipped ones."""

import re
import shutil
from pathlib import Path

import click

from smtp_gate.config import find_config
from smtp_gate.ruleset.packs import SHIPPED, shipped_rules
from smtp_gate.server.shipped import keep_base


@click.command()
@click.option(
    "-c",
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="Settings to start from; the shipped sample where it is left out.",
)
@click.option("--shipped", is_flag=True, help="Use the shipped packs where they are, and make one pack beside them.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def init(config_file: Path | None, folder: Path, *, shipped: bool) -> None:
    """Make DIR/config/smtp-gate.yaml, DIR/config/directory.csv and DIR/rules/ to edit; nothing is overwritten.

    Take --shipped where upgrades shall bring their new rules and you override what differs; else the copies are yours alone.

    Example: smtp-gate init my-city
    """
    sample = config_file or _sample()
    rules = shipped_rules()
    if rules is None or not sample.is_file():
        raise click.ClickException("the shipped samples are missing from this installation")
    targets = [folder / "config" / "smtp-gate.yaml", folder / "config" / "directory.csv", folder / "rules"]
    for target in targets:
        if target.exists():
            raise click.ClickException(f"{target} is there already; choose another folder")
    # The first week is for looking: rules report and none acts, until somebody says so.
    text = re.sub(r"(?m)^enforce: true ?", "enforce: false", sample.read_text("utf-8"))
    text = _beside_shipped(text) if shipped else text
    (folder / "config").mkdir(parents=True, exist_ok=True)
    if shipped:
        targets[2].mkdir()
        # The first line of a pack names its schema, for editors.
        shutil.copytree(rules / "schema", targets[2] / "schema")
        shutil.copyfile(_sample().with_name("city.yaml"), targets[2] / "city.yaml")
    else:
        shutil.copytree(rules, targets[2])
        keep_base(targets[2])
    targets[0].write_text(text, "utf-8")
    shutil.copyfile(sample.parent / "directory.csv", targets[1])
    for schema in sorted(_sample().parent.glob("*.schema.json")):
        # The first line of the settings names its schema, for editors.
        shutil.copyfile(schema, folder / "config" / schema.name)
    for target in targets:
        click.echo(f"made {target}")
    click.echo(f"\nNext:  edit {targets[0]}, then")
    click.echo(f"       smtp-gate check -c {targets[0]}\n       smtp-gate serve -c {targets[0]}")
    if "\nenforce: false" in text:
        click.echo("\nEvery rule reports and none acts: say `enforce: true` once you have seen a week of it.")


def _beside_shipped(text: str) -> str:
    """Settings that take the shipped packs and the folder beside them, whatever they took before."""
    changed, found = re.subn(r"(?m)^rules: +[^#\s][^#\n]*?( *)(#.*)?$", rf"rules: [{SHIPPED}, ../rules]\1\2", text)
    if found != 1:
        raise click.ClickException("the settings to start from have no line `rules: FOLDER` to change")
    return changed


def _sample() -> Path:
    """The shipped sample settings, not a config/ folder that happens to be here."""
    package = Path(__file__).resolve().parent.parent
    places = (package / "share" / "config" / "smtp-gate.yaml", package.parent / "config" / "smtp-gate.yaml")
    return next((p for p in places if p.is_file()), find_config())
