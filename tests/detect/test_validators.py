"""What all validators promise: no text crashes them, and they give the formats that they declare."""

from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.detect.validators import FORMATS, VALIDATORS


@given(
    st.sampled_from(sorted(VALIDATORS)), st.text(alphabet="0123456789-. /ABDEGWadeprnov*,|\n", max_size=60) | st.text()
)
def test_any_text_is_judged_without_a_crash_and_in_a_declared_format(name: str, value: str) -> None:
    checked = VALIDATORS[name](value)
    if checked is not None:
        assert checked.format in FORMATS[name]
        assert 0 <= checked.start < checked.end <= len(value)


def test_every_validator_declares_its_formats() -> None:
    assert set(FORMATS) == {"", *VALIDATORS}
