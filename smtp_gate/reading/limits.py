"""The budget of one message's reading; beyond it content is `unscannable(limit)`, never clean."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one `read`: `parts` and `depth` of the MIME tree, `text` octets searched in all, `headers` a part.

    `steps` bounds loops whose length a sender controls; a CPU budget here counts steps, not seconds (DESIGN.md).
    """

    parts: int = 1_000
    depth: int = 32
    text: int = 32 * 1024 * 1024
    headers: int = 1_000
    html_depth: int = 2_000
    links: int = 5_000
    steps: int = 5_000_000
