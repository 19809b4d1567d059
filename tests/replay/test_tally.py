"""Rows add up: messages and not copies are counted, each rule for what it does, and samples hold masked evidence only."""

from collections import Counter

from smtp_gate.core.record import FindingRow
from smtp_gate.replay.rows import Change, CopyRow, ReplayRow, blank
from smtp_gate.replay.tally import NO_DEPARTMENT, SAMPLES, Tally


def copy(before: str, after: str, change: str, was: str = "", now: str = "", to: str = "lee@example.org") -> CopyRow:
    return CopyRow(
        address=to, before=before, after=after, change=change, rules_before=was.split(), rules_after=now.split()
    )


def seen(rule: str, evidence: str = "***-**-4399") -> FindingRow:
    return FindingRow(
        rule=rule, family="sensitive", detector="us_ssn", level="high", mode="enforce", action="quarantine", region="own",
        part="1", evidence=evidence, count=2,
    )  # fmt: skip


def row(number: int, *copies: CopyRow, **more: object) -> ReplayRow:
    made = blank(f"id{number}", f"mail/{number}.eml", "files")
    words = ("accept", "defer", "quarantine", "reject")
    made["recipients"] = list(copies)
    made["before"] = max((c["before"] for c in copies), key=words.index, default="accept")
    made["after"] = max((c["after"] for c in copies), key=words.index, default="accept")
    order = list(Change)
    made["change"] = str(min((Change(c["change"]) for c in copies), key=order.index, default=Change.SAME))
    made["day"], made["sender"], made["department"], made["how"] = (
        "2026-03-02",
        "a@milwaukee.gov",
        "Library",
        "asked again",
    )
    made.update(more)  # type: ignore[typeddict-item]  # tests name keys of the row
    return made


HELD = copy("accept", "quarantine", "held", now="pii.ssn")
FREED = copy("quarantine", "accept", "freed", was="old.rule")
SAME = copy("accept", "accept", "same")


def tally_of(*rows: ReplayRow) -> Tally:
    tally = Tally()
    for one in rows:
        tally.add(one)
    return tally


def test_a_message_counts_once_whatever_its_copies() -> None:
    other = copy("accept", "quarantine", "held", now="pii.ssn", to="kim@example.net")
    tally = tally_of(row(1, HELD, other), row(2, HELD, FREED), row(3, SAME), row(4, FREED))
    assert tally.changes == {"held": 2, "same": 1, "freed": 1}
    assert (tally.messages, tally.judged, tally.new, tally.different) == (4, 4, 2, 3)
    assert tally.new_per_1000 == 500
    assert tally.rules == {"pii.ssn": Counter(held=2), "old.rule": Counter(freed=2)}
    assert tally.totals[("accept", "quarantine")] == 1
    assert tally.departments == {"Library": Counter(held=2, same=1, freed=1)}
    assert tally.senders == {"a@milwaukee.gov": 2}


def test_what_cannot_be_told_is_no_part_of_the_rate() -> None:
    untold = row(2, change="untold", why="pii.ssn, new.rule", how="nothing")
    failed = row(3, change="failed", why="judging it ended the worker")
    tally = tally_of(row(1, HELD), untold, failed)
    assert (tally.messages, tally.judged) == (3, 1)
    assert tally.new_per_1000 == 1000
    assert tally.untold == {"pii.ssn": 1, "new.rule": 1}
    assert tally.failed == [("mail/3.eml", "judging it ended the worker")]
    assert tally.departments == {"Library": Counter(held=1)}


def test_a_change_is_laid_at_the_door_of_the_rules_behind_it() -> None:
    stricter = copy("quarantine", "reject", "changed", was="a b", now="a")
    looser = copy("reject", "quarantine", "changed", was="a", now="a b")
    others = copy("quarantine", "quarantine", "changed", was="a c", now="a d")
    assert tally_of(row(1, stricter)).rules == {"a": Counter(changed=1)}
    assert tally_of(row(1, looser)).rules == {"a": Counter(changed=1)}
    assert tally_of(row(1, others)).rules == {"c": Counter(changed=1), "d": Counter(changed=1)}


def test_samples_are_few_and_masked_and_name_where_the_message_is() -> None:
    rows = [row(n, HELD, message_id=f"<{n}@x>", findings_after=[seen("pii.ssn"), seen("other")]) for n in range(9)]
    samples = tally_of(*rows).samples["pii.ssn"]
    assert len(samples) == SAMPLES
    assert (samples[0].path, samples[0].message_id) == ("mail/0.eml", "<0@x>")
    assert (samples[0].before, samples[0].after) == ("accept", "quarantine")
    assert samples[0].evidence == ("us_ssn high in own ***-**-4399 x2",)


def test_a_sample_shows_what_was_seen_on_the_side_that_saw_it() -> None:
    freed = row(1, FREED, findings_before=[seen("old.rule", "before")])
    assert tally_of(freed).samples["old.rule"][0].evidence == ("us_ssn high in own before x2",)
    lost = row(1, HELD, unscannable=[{"part": "2", "reason": "encrypted"}])
    assert tally_of(lost).samples["pii.ssn"][0].evidence == ("content that nobody can look into (encrypted)",)


def test_names_that_bear_an_ssn_are_masked() -> None:
    named = row(1, HELD, path="SSN 536-90-4399.eml", message_id="<536-90-4399@x>", sender="536-90-4399@milwaukee.gov")
    tally = tally_of(named)
    assert "4399" not in str(tally.samples) + str(tally.senders)


def test_the_summary_is_stable_and_whole() -> None:
    rows = [
        row(1, HELD),
        row(2, FREED, department="", day=""),
        row(3, SAME, as_recorded="yes", joined="sha256", moved=True),
    ]
    summary = tally_of(*rows).summary()
    assert summary == tally_of(*rows).summary()
    assert summary["before_after"] == {"accept": {"accept": 1, "quarantine": 1}, "quarantine": {"accept": 1}}
    assert summary["departments"][NO_DEPARTMENT] == {"freed": 1}
    assert summary["days"] == {"2026-03-02": {"held": 1, "same": 1}}
    assert (summary["as_recorded"], summary["joined"], summary["moved"]) == ({"yes": 1}, {"sha256": 1}, 1)
    assert list(summary["rules"]) == ["pii.ssn", "old.rule"]


def test_a_sample_shows_the_copies_that_the_rule_changes_so_and_no_others() -> None:
    refused = copy("accept", "reject", "refused", now="other.rule", to="kim@example.net")
    (sample,) = tally_of(row(1, HELD, refused)).samples["pii.ssn"]
    assert (sample.before, sample.after) == ("accept", "quarantine")
