"""What lies at a place of the quarantine: item, state, progress and flaw, told from the files and who works on them."""

from pathlib import Path
from typing import Final

from smtp_gate.store.files import IRREGULAR, IrregularFileError, is_claimed, read_regular
from smtp_gate.store.items import DamagedItemError, Item, load
from smtp_gate.store.progress import progress
from smtp_gate.store.progress_files import DamagedProgressError, ProgressFiles
from smtp_gate.store.states import SETTLED, WORKED_ON, Listed, State, state_of

SUFFIX: Final = ".hold"


def ref_of(path: Path) -> str:
    """The ref that a held file's name says."""
    return path.name.removesuffix(SUFFIX)


def look(path: Path, folder: State, steps: ProgressFiles, *, mine: bool = False) -> Listed | None:
    """What lies at a path of a folder, None where nothing does; `mine`: the claim on it is ours. Raises OSError."""
    ref = ref_of(path)
    try:
        claimed = not mine and (folder in WORKED_ON or steps.is_open(ref)) and is_claimed(path)
        octets = read_regular(path)
    except FileNotFoundError:
        return None
    except IrregularFileError:
        return Listed(ref, State.UNKNOWN if folder in WORKED_ON else folder, None, IRREGULAR, folder)
    item, flaw = _loaded(octets, ref)
    if item is None:
        return Listed(ref, state_of(folder, None, claimed=claimed), None, flaw, folder)
    try:
        done = steps.read(ref)
        now = progress(len(item.message.envelope.recipients), done) if done else None
    except (DamagedProgressError, ValueError) as error:
        shown = folder if claimed or folder in SETTLED else State.UNKNOWN
        return Listed(ref, shown, item, f"its progress file is damaged: {error}", folder)
    return Listed(ref, state_of(folder, now, claimed=claimed), item, "", folder, now)


def _loaded(octets: bytes, ref: str) -> tuple[Item | None, str]:
    """The item of a file, or why there is none."""
    try:
        item = load(octets)
    except DamagedItemError as error:
        return None, str(error)
    return (item, "") if item.message.ref == ref else (None, "the file has another message's name")
