"""`smtp-gate serve`: run the gate."""

from pathlib import Path

import click
import uvloop

from smtp_gate.adapters.logs import Logger
from smtp_gate.cli.options import config_option, rulebook, settings
from smtp_gate.config import Config, load_config
from smtp_gate.server.worker import Worker, utc_now


@click.command()
@config_option
def serve(config_file: Path | None) -> None:
    """Run the gate until SIGTERM or Ctrl-C.

    SIGHUP loads the rules and the directory anew: all of them, tested, or the last good ones stay.

    Example: smtp-gate serve -c my-city/config/smtp-gate.yaml
    """
    config = settings(config_file)
    book = rulebook(config, test=True)
    style = "json" if config.log.format == "json" else "text"
    logger = Logger(utc_now, level=config.log.level, style=style)

    def reread() -> Config | None:
        return load_config(config_file).config

    async def run() -> None:
        await Worker(config, logger, book, reread).run()

    try:
        uvloop.run(run())
    except OSError as error:
        raise click.ClickException(f"cannot start: {error.strerror or error}") from None
