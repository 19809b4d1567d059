"""The command line: one file a group of commands; names, options and JSON keys are a contract."""

import gc
import importlib
import sys
from typing import Final

import click

from smtp_gate import __version__
from smtp_gate.ruleset.heap import no_search

COMMANDS: Final = {
    "demo": "smtp_gate.cli.demo:demo",
    "serve": "smtp_gate.cli.serve:serve",
    "init": "smtp_gate.cli.init:init",
    "check": "smtp_gate.cli.check:check",
    "test": "smtp_gate.cli.examples:test",
    "explain": "smtp_gate.cli.explain:explain",
    "replay": "smtp_gate.cli.replay:replay",
    "policy": "smtp_gate.cli.policy:policy",
    "quarantine": "smtp_gate.cli.quarantine:quarantine",
    "journal": "smtp_gate.cli.journal:journal",
    "directory": "smtp_gate.cli.directory:directory",
    "index": "smtp_gate.cli.index:index",
    "reload": "smtp_gate.cli.reload:reload",
    "ruleset": "smtp_gate.cli.rulesets:ruleset",
    "pack": "smtp_gate.cli.packs:pack",
    "passwd": "smtp_gate.cli.passwd:passwd",
    "edm": "smtp_gate.cli.edm:edm",
    "feeds": "smtp_gate.cli.feeds:feeds",
    "schema": "smtp_gate.cli.schema:schema",
    "waiver": "smtp_gate.cli.waivers:waiver",
}
"""Each command and where it lives; it is imported only when it is called, so that `--help` is quick."""


class _Lazy(click.Group):
    """A group that imports a command when it is asked for, and keeps the order above in its help."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        if module not in sys.modules:
            # What is imported stays, so Python need not look for rubbish in it: neither meanwhile nor ever again.
            with no_search():
                importlib.import_module(module)
                gc.freeze()
        command = getattr(sys.modules[module], name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name]} is no command")
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="smtp-gate")
def main() -> None:
    """Accept, refuse or hold outbound mail by rules you can read.

    \b
    Try it:              smtp-gate demo
    Start your own:      smtp-gate init my-city
                         smtp-gate check -c my-city/config/smtp-gate.yaml
                         smtp-gate serve -c my-city/config/smtp-gate.yaml
    Judge old mail:      smtp-gate explain --from dokafor@milwaukee.gov some-folder/
    """  # noqa: D301 - click wants the backspace itself before a block that it must not wrap
