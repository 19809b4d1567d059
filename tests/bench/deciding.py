"""Microseconds of `examine` and `decide` for one small message under the shipped rules: `python -m tests.bench.deciding`."""

import time
from pathlib import Path

from smtp_gate.config import load_config
from smtp_gate.core.facts import Facts
from smtp_gate.core.verdict import decide
from smtp_gate.examine import examine
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from smtp_gate.server.rules import load_rulebook
from tests.builders import envelope, message

ROUNDS = 40
TIMES = 200
SETTINGS = Path(__file__).parents[2] / "config" / "smtp-gate.yaml"


def main() -> None:
    """The best of many rounds, in the processor's time: what others do on the machine shows least in it."""
    config = load_config(SETTINGS).config
    assert config is not None
    ruleset = load_rulebook(config, test=False).ruleset
    assert ruleset is not None
    for who, env in (
        ("one recipient", envelope()),
        ("ten recipients", envelope(to=[f"r{n}@example.org" for n in range(10)])),
    ):
        view = read(message(env=env), Limits(), {})
        facts = Facts(dict.fromkeys(ruleset.needs(view)), whole=True)
        rounds = []
        for _ in range(ROUNDS):
            started = time.process_time()
            for _ in range(TIMES):
                decide(examine(view, facts, ruleset, time.perf_counter), env)
            rounds.append((time.process_time() - started) / TIMES * 1e6)
        print(f"{who}: {min(rounds):.1f} us, median {sorted(rounds)[ROUNDS // 2]:.1f} us")


if __name__ == "__main__":
    main()
