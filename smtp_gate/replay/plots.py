"""Plots as inline SVG: bars in pieces by kind, side by side or day by day; each has a title and says its figures in words."""

from collections.abc import Mapping, Sequence
from typing import Final

from smtp_gate.replay.page import text

WIDTH: Final = 760
_LABEL: Final = 230
_FIGURE: Final = 60
_ROW: Final = 24
_HEIGHT: Final = 170
_LONGEST: Final = 34
Bars = Sequence[tuple[str, Mapping[str, int]]]
"""A label, and how much of each kind; kinds are classes of the page's style."""


def bars(name: str, title: str, rows: Bars, kinds: Sequence[str]) -> str:
    """Horizontal bars, one a row, their pieces in the order of `kinds`. `name` is the id of the plot in its page."""
    most = max((_sum(parts, kinds) for _, parts in rows), default=0) or 1
    room = WIDTH - _LABEL - _FIGURE
    drawn = []
    for index, (label, parts) in enumerate(rows):
        top = index * _ROW
        drawn.append(f'<text x="{_LABEL - 8}" y="{top + 16}" text-anchor="end">{text(_cut(label))}</text>')
        left = float(_LABEL)
        for kind in kinds:
            width = room * parts.get(kind, 0) / most
            if width:
                drawn.append(_box(left, top + 4, width, _ROW - 8, kind, f"{label}: {parts[kind]} {kind}"))
            left += width
        drawn.append(f'<text x="{left + 6:.1f}" y="{top + 16}">{_sum(parts, kinds)}</text>')
    said = "; ".join(f"{label}: {_words(parts, kinds)}" for label, parts in rows)
    return _svg(name, title, said, len(rows) * _ROW + 4, drawn) + legend(kinds, rows)


def timeline(name: str, title: str, days: Bars, kinds: Sequence[str]) -> str:
    """Upright bars, one for each of these days or spans of days, the oldest on the left."""
    most = max((_sum(parts, kinds) for _, parts in days), default=0) or 1
    step = (WIDTH - 50) / max(len(days), 1)
    base = _HEIGHT + 12
    drawn = [
        f'<line class="axis" x1="44" y1="{base}" x2="{WIDTH}" y2="{base}"/>',
        f'<text x="38" y="22" text-anchor="end">{most}</text>',
        f'<text x="38" y="{base}" text-anchor="end">0</text>',
    ]
    for index, (label, parts) in enumerate(days):
        bottom = float(base)
        for kind in kinds:
            height = _HEIGHT * parts.get(kind, 0) / most
            if height:
                bottom -= height
                left, width = 46 + index * step, max(step - 1, min(step, 1.0))
                drawn.append(_box(left, bottom, min(width, 40), height, kind, f"{label}: {parts[kind]} {kind}"))
    if days:
        drawn.append(f'<text x="46" y="{base + 18}">{text(days[0][0])}</text>')
    if len(days) > 1:
        drawn.append(f'<text x="{WIDTH}" y="{base + 18}" text-anchor="end">{text(days[-1][0])}</text>')
    said = "; ".join(f"{label}: {_words(parts, kinds)}" for label, parts in days if _sum(parts, kinds))
    return _svg(name, title, said, base + 26, drawn) + legend(kinds, days)


def legend(kinds: Sequence[str], rows: Bars) -> str:
    """What the colours mean, of those that occur."""
    used = [kind for kind in kinds if any(parts.get(kind) for _, parts in rows)]
    marks = [
        f'<svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" style="display:inline">'
        f'<rect class="{text(kind)}" width="12" height="12"/></svg> {text(kind)}'
        for kind in used
    ]
    return f'<p class="dim">{" &#160; ".join(marks)}</p>' if marks else ""


def _svg(name: str, title: str, said: str, height: float, drawn: Sequence[str]) -> str:
    return (
        f'<svg role="img" viewBox="0 0 {WIDTH} {height:.0f}" aria-labelledby="{text(name)}-t {text(name)}-d">'
        f'<title id="{text(name)}-t">{text(title)}</title><desc id="{text(name)}-d">{text(said or "nothing")}</desc>\n'
        + "\n".join(drawn)
        + "\n</svg>"
    )


def _box(left: float, top: float, width: float, height: float, kind: str, said: str) -> str:
    return (
        f'<rect class="{text(kind)}" x="{left:.1f}" y="{top:.1f}" width="{max(width, 1):.1f}" height="{height:.1f}">'
        f"<title>{text(said)}</title></rect>"
    )


def _sum(parts: Mapping[str, int], kinds: Sequence[str]) -> int:
    return sum(parts.get(kind, 0) for kind in kinds)


def _words(parts: Mapping[str, int], kinds: Sequence[str]) -> str:
    return ", ".join(f"{parts[kind]} {kind}" for kind in kinds if parts.get(kind)) or "0"


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
