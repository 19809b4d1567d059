"""`smtp-gate passwd`: a line for the users file of a listener's `auth`."""

import sys

import click

from smtp_gate.adapters.passwords import Hash


@click.command()
@click.argument("user", metavar="NAME")
def passwd(user: str) -> None:
    """Ask for a password and print a line for the users file; in a pipe the password is one line of standard input.

    Example: smtp-gate passwd scanner@milwaukee.gov >> my-city/config/users
    """
    if not user or ":" in user or not user.isprintable():
        raise click.UsageError("a name has no colon and no control characters")
    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt="Again", err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.UsageError("an empty password is none")
    click.echo(f"{user}:{Hash.of(password)}")
