"""`smtp-gate serve`: run the gate."""

import sys
from pathlib import Path

import click

from smtp_gate.adapters.clock import utc_now
from smtp_gate.adapters.logs import Logger
from smtp_gate.cli.options import config_option, give_up, settings, settings_file, show_mistakes
from smtp_gate.config import Config, load_config
from smtp_gate.server.at_rest import load_in_force
from smtp_gate.server.rollback import snapshots_of
from smtp_gate.server.serve import serve as serve_gate
from smtp_gate.server.settings import listener_mistakes

WAY_OUT = (
    "not started. To start with the rules that were in use last, say `smtp-gate ruleset rollback`, then serve again"
)


@click.command()
@config_option
def serve(config_file: Path | None) -> None:
    """Run the gate until SIGTERM or Ctrl-C: a supervisor, its workers and a keeper.

    SIGHUP, `smtp-gate reload` or a change on disk (unless the settings say `watch: false`) loads the rules and the directory
    anew: all of them, tested, in every worker, or the last good ones stay.

    Example: smtp-gate serve -c my-city/config/smtp-gate.yaml
    """
    file = settings_file(config_file)
    config = settings(file)
    style = "json" if config.log.format == "json" else "text"
    logger = Logger(utc_now, level=config.log.level, style=style)
    logger.log("info", "loading", {"settings": str(file)})
    snapshots = snapshots_of(config)
    book = load_in_force(config, snapshots)
    if book.ruleset is None:
        show_mistakes(book.errors)
        if snapshots is not None and snapshots.current():
            click.echo(WAY_OUT, err=True)
        sys.exit(1)
    unusable = listener_mistakes(file, config)
    if unusable:
        give_up(unusable)

    def reread() -> Config | None:
        return load_config(file).config

    try:
        code = serve_gate(config, logger, book, reread, settings=file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise click.ClickException(f"cannot start: {why}") from None
    sys.exit(code)
