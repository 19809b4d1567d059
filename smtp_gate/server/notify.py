"""Tells a service manager that the gate is ready, or ends (sd_notify(3)); without one it does nothing."""

import socket
from collections.abc import Mapping


def notify(environment: Mapping[str, str], state: str) -> None:
    """Send one state, like `READY=1`, where the environment names a socket; a manager that does not listen is no error."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        try:
            out.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError:
            # The gate serves mail with or without somebody who hears that it does.
            return
