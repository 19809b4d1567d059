"""Codepages by their Windows numbers, every codec loaded beforehand: a confined child can open no file to load one."""

import codecs
from encodings import (
    ascii as us_ascii,
)
from encodings import (
    big5,
    big5hkscs,
    cp437,
    cp737,
    cp775,
    cp850,
    cp852,
    cp855,
    cp857,
    cp858,
    cp860,
    cp861,
    cp862,
    cp863,
    cp864,
    cp865,
    cp866,
    cp869,
    cp874,
    cp932,
    cp949,
    cp950,
    cp1250,
    cp1251,
    cp1252,
    cp1253,
    cp1254,
    cp1255,
    cp1256,
    cp1257,
    cp1258,
    euc_jp,
    euc_kr,
    gb2312,
    gb18030,
    gbk,
    iso8859_1,
    iso8859_2,
    iso8859_3,
    iso8859_4,
    iso8859_5,
    iso8859_6,
    iso8859_7,
    iso8859_8,
    iso8859_9,
    iso8859_10,
    iso8859_13,
    iso8859_14,
    iso8859_15,
    iso8859_16,
    johab,
    koi8_r,
    koi8_u,
    latin_1,
    mac_cyrillic,
    mac_greek,
    mac_latin2,
    mac_roman,
    mac_turkish,
    shift_jis,
    utf_8,
    utf_8_sig,
    utf_16,
    utf_16_be,
    utf_16_le,
)
from types import ModuleType
from typing import Final

LOADED: Final[tuple[ModuleType, ...]] = (
    us_ascii, big5, big5hkscs, cp437, cp737, cp775, cp850, cp852, cp855, cp857, cp858, cp860, cp861, cp862, cp863, cp864,
    cp865, cp866, cp869, cp874, cp932, cp949, cp950, cp1250, cp1251, cp1252, cp1253, cp1254, cp1255, cp1256, cp1257, cp1258,
    euc_jp, euc_kr, gb18030, gb2312, gbk, iso8859_1, iso8859_2, iso8859_3, iso8859_4, iso8859_5, iso8859_6, iso8859_7,
    iso8859_8, iso8859_9, iso8859_10, iso8859_13, iso8859_14, iso8859_15, iso8859_16, johab, koi8_r, koi8_u, latin_1,
    mac_cyrillic, mac_greek, mac_latin2, mac_roman, mac_turkish, shift_jis, utf_8, utf_8_sig, utf_16, utf_16_be, utf_16_le,
)  # fmt: skip
"""Every codec that documents are read with; any other one counts as unknown."""

_NAMES: Final = frozenset(module.__name__.rpartition(".")[2] for module in LOADED)
_NUMBERED: Final = {
    936: "gbk", 951: "big5hkscs", 1361: "johab", 10000: "mac_roman", 10006: "mac_greek", 10007: "mac_cyrillic",
    10029: "mac_latin2", 10081: "mac_turkish", 20127: "ascii", 20866: "koi8_r", 20936: "gb2312", 20932: "euc_jp",
    21866: "koi8_u", 51932: "euc_jp", 51949: "euc_kr", 54936: "gb18030", 65001: "utf_8",
    **{28590 + number: f"iso8859_{number}" for number in range(1, 17)},
}  # fmt: skip


def codepage(number: int) -> str:
    """The name of a codec for a codepage, empty for one that is not known here."""
    name = _NUMBERED.get(number, f"cp{number}")
    return codecs.lookup(name).name if name in _NAMES else ""
