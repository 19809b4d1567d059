"""Many patterns in one automaton say what each of them says alone, and never less where the automaton gives up."""

import re2
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.detect.patterns import options
from smtp_gate.detect.together import Together

PATTERNS = [
    (r"\d{3}", False),
    ("ab+c", False),
    ("KEY", True),
    (r"(?P<n>x)y", False),
    (r"(?P<n>y)x", False),
    ("^a", False),
]
BITS = [1 << n for n in range(len(PATTERNS))]


@given(st.text(alphabet="abcxyKEYkey123 \n"))
def test_it_tells_which_of_them_stand(said: str) -> None:
    octets = said.encode()
    alone = sum(
        bit
        for bit, (regex, cased) in zip(BITS, PATTERNS, strict=True)
        if re2.compile(regex, options(case_sensitive=cased)).search(octets)
    )
    assert Together(PATTERNS, BITS).standing(octets) == alone


def test_where_the_automaton_gives_up_every_pattern_may_stand() -> None:
    class Silent:
        def Match(self, _: bytes) -> list[int] | None:  # noqa: N802 - the library's name
            return None

    made = Together(PATTERNS, BITS)
    assert made.standing(b"nothing") == 0
    made._set = Silent()  # the library out of memory, which a test cannot bring about
    assert made.standing(b"nothing") == made.every == sum(BITS)


def test_patterns_that_do_not_fit_may_all_stand() -> None:
    made = Together([(r"(?:[a-z]{900}|[A-Z]{900}){1,900}", False)], [4])
    assert made.standing(b"") == 4
    assert Together([], []).standing(b"abc") == 0
