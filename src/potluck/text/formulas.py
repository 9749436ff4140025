"""Formulas: TeX as authors type it becomes MathML, which browsers draw by themselves.

The converter escapes nothing and takes links, so its tree is written here, by a list of what may come out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from typing import Final
from xml.etree.ElementTree import Element

from potluck.text.markup import escape_attribute, escape_text, words

MAX_TEX: Final = 2000
"""Characters of one formula; a longer one stays TeX."""

_DEPTH: Final = 60
_MOST_SPECIAL: Final = 400  # the converter's time grows faster than the number of commands
_ELEMENTS: Final = words(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded mphantom mfenced menclose msub msup "
    "msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mtd mlabeledtr"
)
_ATTRIBUTES: Final = words(
    "display displaystyle scriptlevel mathvariant mathsize linethickness stretchy fence separator form accent "
    "accentunder largeop movablelimits symmetric minsize maxsize lspace rspace width height depth columnalign rowalign "
    "columnlines rowlines columnspacing rowspacing notation open close separators"
)
_VALUE: Final = re.compile(r"[\w.%+\-| (){}\[\],⟨⟩‖]{0,60}")


@lru_cache(maxsize=512)
def formula_html(tex: str, *, block: bool) -> str:
    """A formula as MathML with its TeX as annotation (FEP-dc88); what cannot be read stays TeX between dollar signs."""
    tex = tex.strip()
    fence = "$$" if block else "$"
    plain = f"<code>{escape_text(f'{fence}{tex}{fence}')}</code>"
    if not tex or len(tex) > MAX_TEX or len(re.findall(r"[\\{}^_&]", tex)) > _MOST_SPECIAL or _is_deep(tex):
        return plain
    from latex2mathml.converter import convert_to_element  # half a megabyte of tables

    try:
        tree = convert_to_element(tex, display="block" if block else "inline")
        inner = "".join(_written(child, 0) for child in tree)
    except Exception:  # noqa: BLE001 - it raises whatever occurs to it: ValueError, IndexError, KeyError, its own
        return plain
    return (f'<math display="{"block" if block else "inline"}"><semantics><mrow>{inner}</mrow>'
            f'<annotation encoding="application/x-tex">{escape_text(tex)}</annotation></semantics></math>')


def _is_deep(tex: str) -> bool:
    depth = 0
    for character in tex:
        depth += (character == "{") - (character == "}")
        if depth > _DEPTH:
            return True
    return False


def _written(element: Element, depth: int) -> str:
    if depth > 4 * _DEPTH:
        return ""
    inner = escape_text(unescape(element.text or "")) + "".join(_written(child, depth + 1) for child in element)
    if element.tag not in _ELEMENTS:
        return inner
    kept = "".join(f' {name}="{escape_attribute(value)}"' for name, value in element.attrib.items()
                   if name in _ATTRIBUTES and _VALUE.fullmatch(value))
    return f"<{element.tag}{kept}>{inner}</{element.tag}>"
