"""HTML of one self-contained page: strict escaping of all that mail and files say, and nothing that asks the network."""

import html
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d2430; --dim: #59636f; --back: #fff; --line: #d5dae1; --soft: #f4f6f8;
  --accept: #2e7d4f; --defer: #8a6d00; --quarantine: #c25a00; --reject: #b3261e; --freed: #1f6fb2; --changed: #6b5b95; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --dim: #9aa5b1; --back: #14181d; --line: #343c46;
  --soft: #1c2229; --accept: #63bd87; --defer: #d9b84a; --quarantine: #f0934a; --reject: #f2857d; --freed: #6fb1ea;
  --changed: #b3a4dc; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p, ul { margin: .4rem 0; } .dim { color: var(--dim); } code { font-size: .86em; overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0; padding: 0; list-style: none; }
.figures li { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .5rem .9rem; }
.figures b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
caption { text-align: left; color: var(--dim); padding: .2rem 0; }
th, td { text-align: right; padding: .25rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top;
  font-variant-numeric: tabular-nums; }
th:first-child, td:first-child, .text th, .text td { text-align: left; overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; display: block; margin: .4rem 0; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .axis { stroke: var(--line); }
.accept { fill: var(--accept); } .defer, .deferred { fill: var(--defer); } .quarantine, .held { fill: var(--quarantine); }
.reject, .refused { fill: var(--reject); } .freed { fill: var(--freed); } .changed { fill: var(--changed); }
@media print { body { max-width: none; padding: 0; font-size: 11pt; } h2, h3 { break-after: avoid; }
  tr, svg, li { break-inside: avoid; } .wide { overflow: visible; } }
"""


def text(said: object) -> str:
    """What may stand between tags or in a quoted attribute; characters that show nothing or turn the line are named."""
    shown = "".join(f"\\u{{{ord(c):x}}}" if unicodedata.category(c) in _HIDDEN else c for c in str(said))
    return html.escape(shown, quote=True)


def document(title: str, sections: Iterable[str]) -> str:
    """The whole page. Its policy lets a browser fetch and run nothing."""
    body = "\n".join(sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def table(caption: str, heads: Sequence[object], rows: Iterable[Sequence[object]], *, words: bool = False) -> str:
    """A table with its first column as the head of each row; `words` for cells of text instead of figures."""
    head = "".join(f'<th scope="col">{text(h)}</th>' for h in heads)
    lines = "\n".join(
        f'<tr><th scope="row">{text(row[0])}</th>' + "".join(f"<td>{text(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    )
    kind = ' class="text"' if words else ""
    return (
        f'<div class="wide"><table{kind}><caption>{text(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{lines}\n</tbody></table></div>"
    )


def items(lines: Iterable[str]) -> str:
    """A list of sentences."""
    return "<ul>" + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>"
