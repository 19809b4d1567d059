"""How long a child takes for bombs and how much memory: each opened in a process of its own, confined as children are.

python -m tests.bench.bombs
"""

import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from smtp_gate.adapters.extractor import SECONDS
from smtp_gate.core.view import Part, Reason
from smtp_gate.server.extractors import MEMORY, confine, open_part
from tests.reading.openers import packed
from tests.reading.openers.packed import File, zipped

GIB = 1 << 30


def bombs() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Each with how it is made."""
    ten = packed.zeros_deflated(10 * GIB)
    lies = File(b"0", packed=ten, size=1000, crc=0)
    yield "zip: 10 GiB of zeros, size told", lambda: zipped([File(b"0", packed=ten, size=0xFFFFFFFE, crc=0)])
    yield "zip: 10 GiB of zeros, size a lie", lambda: zipped([lies])
    yield (
        "zip: 1,000 files of 64 MiB, sizes a lie",
        lambda: zipped([File(b"%d" % n, packed=packed.zeros_deflated(GIB // 16), size=9, crc=0) for n in range(1000)]),
    )
    yield "zip: sixteen archives each, five levels", packed.tree_bomb
    yield "zip: 250 overlapping files of 21 MiB", packed.overlapping
    yield "zip: 100,000 empty files", lambda: zipped([File(b"%d" % n, method=0) for n in range(100_000)])
    yield (
        "zip: 200 gz bombs of 64 MiB",
        lambda: zipped([File(b"%d.gz" % n, packed.zeros_gz(1 << 26)) for n in range(200)]),
    )
    yield (
        "zip: 5,000 overlapping files of nothing but blocks",
        lambda: packed.overlapping(5000, 0, b"\0\0\0\xff\xff" * 200_000),
    )
    for depth in (1, 5, 8, 9, 20):
        yield f"zip: {depth} deep", partial(packed.nested, depth)
    yield "gz: 10 GiB of zeros", lambda: packed.zeros_gz(10 * GIB)
    yield "gz: 60 deep", packed.self_reproducing
    yield "bz2: 10 GiB of zeros", lambda: packed.zeros_bz2(10 * GIB)
    yield "xz: 10 GiB of zeros", lambda: packed.zeros_xz(10 * GIB)
    yield "xz: a dictionary of 1 GiB", lambda: packed.wide_xz(GIB)
    yield (
        "7z: 10 GiB of zeros, size told",
        lambda: packed.sevenzip([("0", 10 * GIB)], packed.zeros_lzma2(10 * GIB), method=b"\x21", properties=b"\x10"),
    )
    yield (
        "7z: 10 GiB of zeros, size a lie",
        lambda: packed.sevenzip([("0", 1000)], packed.zeros_lzma2(10 * GIB), method=b"\x21", properties=b"\x10"),
    )
    yield (
        "7z: a dictionary of 3 GiB",
        lambda: packed.sevenzip([("0", 1 << 20)], packed.zeros_lzma2(1 << 20), method=b"\x21", properties=b"\x27"),
    )
    yield "tar: a file of 8 EiB told", lambda: packed.tar_header(b"0", b"\x80" + b"\0" * 4 + b"\x7f" + b"\xff" * 6)
    yield "tar: 100,000 empty files", lambda: b"".join(packed.tar_header(b"%d" % n, 0) for n in range(100_000))
    yield "tar: 20 MiB that are no tar", lambda: packed.tarred(b"0", b"") + os.urandom(20 << 20)


def measured(content: bytes) -> tuple[str, float, float]:
    """What a child says of it, in how many seconds, and its peak memory in MiB."""
    part = packed.part(content, "bomb")
    reading, writing = os.pipe()
    started = time.perf_counter()
    pid = os.fork()
    if not pid:
        confine(MEMORY)
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        os.write(writing, said(part).encode())
        os._exit(0)
    os.close(writing)
    told = os.read(reading, 65536).decode() or "killed by its alarm"
    _, _, usage = os.wait4(pid, 0)
    os.close(reading)
    return told, time.perf_counter() - started, usage.ru_maxrss / 1024


def said(part: Part) -> str:
    """What came of it, in few words."""
    try:
        found = open_part(part)
    except MemoryError:
        return "out of memory"
    if isinstance(found, Reason):
        return str(found)
    kinds = Counter(f"lost {inner.lost}" if inner.lost else inner.kind for inner in found)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items()) + f"; {sum(len(p.content) for p in found):,}"


def main() -> None:
    """Print a row for each."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{'bomb':52} {'octets':>12} {'s':>6} {'MiB':>6}  found   (before any: {own:.0f} MiB)\n")
    for name, make in bombs():
        content = make()
        told, seconds, memory = measured(content)
        sys.stdout.write(f"{name:52} {len(content):12,} {seconds:6.2f} {memory:6.0f}  {told}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
