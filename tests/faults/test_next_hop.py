"""A next hop that misbehaves costs nobody mail: at each command, in each way, after each octet."""

from pathlib import Path

from tests.faults.hops import cases, matrix, octets


async def test_a_misbehaving_next_hop_breaks_no_promise(tmp_path: Path) -> None:
    result = await matrix(tmp_path, list(cases((1, 3), whole=False)))
    assert result.failures == []
    assert sum(result.runs.values()) > 200


async def test_replies_that_end_or_dribble_anywhere_break_no_promise(tmp_path: Path) -> None:
    seen = await octets(tmp_path, every=29)
    assert seen.failures == []
    assert seen.runs > 40
