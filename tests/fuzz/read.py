"""Coverage-guided fuzzing of `read`: any octets must give a view whose laws hold.

    python -m tests.fuzz.read -max_total_time=600 [FOLDER]

Needs `atheris`, which is no development package of the project (install it beside); options are libFuzzer's. A crash leaves
its input in the working folder, and becomes a named test in `tests/reading`.
"""

import sys

import atheris  # type: ignore[import-untyped] # not among the development packages

with atheris.instrument_imports(include=["smtp_gate.reading"]):
    from tests.properties.test_read import check
    from tests.reading.reading_help import read_octets

from tests.bench.mutants import mutant


def one(octets: bytes) -> None:
    """Read octets as they are; a short input with a mark in front chooses a mail full of tricks and one octet to change."""
    if octets[:1] == b"\xff" and len(octets) >= 6:
        content, _ = mutant(int.from_bytes(octets[1:4], "big"))
        at = int.from_bytes(octets[4:6], "big") % (len(content) + 1)
        octets = content[:at] + octets[6:] + content[at:]
    check(read_octets(octets))


def main() -> None:
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
