"""Addresses of the directory that somebody may mean who knows only a part of one, a name, or an address outside."""

from collections.abc import Iterable, Iterator

from smtp_gate.core.directory import Directory, Entry


def search(people: Directory, asked: str) -> list[str]:
    """The addresses that match, each once, the surest first: by address outside, local part, its beginning, name.

    The beginning of a local part and the words of a name count only where no domain was given.
    """
    text = asked.casefold().strip()
    local, at, _ = text.rpartition("@")
    keys: dict[str, str] = {}
    for address in _matches(people, local if at else text, text, partly=not at) if text else ():
        keys.setdefault(address.casefold(), address)
    return list(keys.values())


def _matches(people: Directory, local: str, text: str, *, partly: bool) -> Iterator[str]:
    yield from _sorted(e for e in people.entries if any(p.value.casefold() == text for p in e.personal))
    keys = sorted((key for key in people.by_address if key.startswith(local)), key=_order) if local else ()
    known = {key: _written(people, key) for key in keys}
    yield from (address for key, address in known.items() if key.rpartition("@")[0] == local)
    if partly:
        yield from known.values()
        words = text.split()
        yield from _sorted(e for e in people.entries if e.name and all(w in e.name.casefold() for w in words))


def _sorted(entries: Iterable[Entry]) -> list[str]:
    return sorted((entry.address for entry in entries), key=_order)


def _order(address: str) -> tuple[str, str]:
    """By local part, so that `ann@` comes before `ann2@`."""
    local, _, domain = address.casefold().rpartition("@")
    return local, domain


def _written(people: Directory, key: str) -> str:
    """The address as the directory writes it."""
    entry = people.by_address[key][0]
    if entry.key == key:
        return entry.address
    return next(a.value for a in entry.aliases if a.value.casefold() == key)
