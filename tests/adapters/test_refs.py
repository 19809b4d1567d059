"""Refs: short, readable over a telephone, never the same twice."""

from smtp_gate.adapters.refs import LENGTH, new_ref

CONFUSED = set("ILOU")


def test_a_ref_is_of_letters_and_digits_nobody_confuses() -> None:
    letters = {letter for _ in range(500) for letter in new_ref()}
    assert letters <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert not letters & CONFUSED
    assert len(letters) == 32  # 6,500 draws leave none of the 32 out but for a chance of about e^-200.


def test_refs_have_one_length_and_are_fresh() -> None:
    refs = [new_ref() for _ in range(5_000)]
    assert {len(ref) for ref in refs} == {LENGTH}
    assert len(set(refs)) == len(refs)
