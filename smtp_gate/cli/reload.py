"""`smtp-gate reload`: new rules and directory into a running gate, or the reasons why not."""

import asyncio
import sys
from pathlib import Path

import click

from smtp_gate.adapters import control
from smtp_gate.adapters.control import Frame
from smtp_gate.cli.options import config_option, json_option, print_json, settings
from smtp_gate.config import Config
from smtp_gate.server.plan import CONTROL


@click.command()
@config_option
@json_option
def reload(config_file: Path | None, *, as_json: bool) -> None:
    """Load packs and directory into the running gate: tested, in every worker at once, or not at all.

    Ends with 1 where the last good rules stay, and says why.

    Example: smtp-gate reload -c my-city/config/smtp-gate.yaml
    """
    config = settings(config_file)
    answer = ask_reload(config)
    if answer is None:
        raise click.ClickException(f"no gate runs with {config.data_dir}: start one with `smtp-gate serve`")
    if as_json:
        print_json(answer)
    elif answer["reasons"]:
        for reason in answer["reasons"]:
            click.echo(reason, err=True)
        click.echo(f"not loaded; the gate goes on with {answer['ruleset']}", err=True)
    else:
        click.echo(f"{answer['rules']} rules in use in every worker, {answer['ruleset']}")
    sys.exit(1 if answer["reasons"] else 0)


def ask_reload(config: Config) -> Frame | None:
    """What the keeper of this gate answers to a reload, None where no gate runs."""
    return asyncio.run(_ask(Path(config.data_dir) / CONTROL))


async def _ask(path: Path) -> Frame | None:
    """The keeper's answer, None where no keeper serves or it ends before it answers."""
    try:
        line = await control.connect(path)
    except OSError:
        return None
    try:
        line.send({"do": "reload"})
        return await line.receive()
    finally:
        await line.close()
