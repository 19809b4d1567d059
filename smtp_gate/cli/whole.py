"""Files that commands make for a running gate: whole under their name, or not there."""

import os
from collections.abc import Iterable
from pathlib import Path

from smtp_gate.store.files import sync_directory, write_all


def put(target: Path, blocks: Iterable[bytes]) -> None:
    """Write beside the target, sync and rename, so that nobody ever sees half of it. Raises OSError."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    try:
        try:
            for block in blocks:
                write_all(descriptor, block)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(target.parent)
