"""`smtp-gate reload`: new rules and directory into a running gate, or the reasons why not."""

import asyncio
import getpass
import sys
from pathlib import Path
from typing import NoReturn

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

    A rollback ends with it. Ends with 1 where the last good rules stay, and says why.

    Example: smtp-gate reload -c my-city/config/smtp-gate.yaml
    """
    config = settings(config_file)
    answer = ask_reload(config)
    if answer is None:
        raise click.ClickException(f"no gate runs with {config.data_dir}: start one with `smtp-gate serve`")
    conclude(answer, as_json=as_json)


def conclude(answer: Frame, *, as_json: bool) -> NoReturn:
    """Say what a reload or a rollback changed, or why nothing was loaded, and end the command: with 1 where nothing was."""
    if as_json:
        print_json(answer)
    elif answer["reasons"]:
        for reason in answer["reasons"]:
            click.echo(reason, err=True)
        click.echo(f"not loaded; the gate goes on with {answer['ruleset']}", err=True)
    else:
        for line in answer.get("changes", ()):
            click.echo(f"  {line}")
        click.echo(f"{answer['rules']} rules in use in every worker, {answer['ruleset']}")
        if answer.get("rolled_back"):
            click.echo(f"rolled back to {answer['rolled_back']}, until a pack file changes or `smtp-gate reload`")
    sys.exit(1 if answer["reasons"] else 0)


def ask_reload(config: Config, by: str = "command") -> Frame | None:
    """What the keeper of this gate answers to a reload, None where no gate runs; `by` says what made us ask."""
    return ask_keeper(config, {"do": "reload", "by": by})


def ask_keeper(config: Config, frame: Frame) -> Frame | None:
    """What the keeper of this gate answers to the user who runs the command, None where no gate runs."""
    return asyncio.run(_ask(Path(config.data_dir) / CONTROL, {**frame, "who": getpass.getuser()}))


async def _ask(path: Path, frame: Frame) -> Frame | None:
    """The keeper's answer, None where no keeper serves or it ends before it answers."""
    try:
        line = await control.connect(path)
    except OSError:
        return None
    try:
        line.send(frame)
        return await line.receive()
    finally:
        await line.close()
