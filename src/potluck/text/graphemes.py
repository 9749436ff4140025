"""Where one character, as a person counts characters, ends and the next begins.

Covers Unicode's extended grapheme clusters (UAX #29) as far as they occur in posts: combining marks, Hangul, joined
emoji, flags, CR LF. Indic conjuncts count as their parts, as in Unicode before 15.1.
"""

import re
from typing import Final
from unicodedata import category

# Emoji=Yes in Unicode 17's emoji-data.txt without digits, "#" and "*"; the rows reserved for coming emoji included.
EMOJI_CLASS: Final = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23e9-\u23f3\u23f8-\u23fa"
    "\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2604\u260e\u2611\u2614\u2615\u2618\u261d\u2620\u2622\u2623"
    "\u2626\u262a\u262e\u262f\u2638-\u263a\u2640\u2642\u2648-\u2653\u265f\u2660\u2663\u2665\u2666\u2668\u267b\u267e"
    "\u267f\u2692-\u2697\u2699\u269b\u269c\u26a0\u26a1\u26a7\u26aa\u26ab\u26b0\u26b1\u26bd\u26be\u26c4\u26c5\u26c8"
    "\u26ce\u26cf\u26d1\u26d3\u26d4\u26e9\u26ea\u26f0-\u26f5\u26f7-\u26fa\u26fd\u2702\u2705\u2708-\u270d\u270f\u2712"
    "\u2714\u2716\u271d\u2721\u2728\u2733\u2734\u2744\u2747\u274c\u274e\u2753-\u2755\u2757\u2763\u2764\u2795-\u2797"
    "\u27a1\u27b0\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299"
    "\U0001f004\U0001f0cf\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f18e\U0001f191-\U0001f19a\U0001f201\U0001f202"
    "\U0001f21a\U0001f22f\U0001f232-\U0001f23a\U0001f250\U0001f251\U0001f300-\U0001f321\U0001f324-\U0001f393"
    "\U0001f396\U0001f397\U0001f399-\U0001f39b\U0001f39e-\U0001f3f0\U0001f3f3-\U0001f3f5\U0001f3f7-\U0001f4fd"
    "\U0001f4ff-\U0001f53d\U0001f549-\U0001f54e\U0001f550-\U0001f567\U0001f56f\U0001f570\U0001f573-\U0001f57a"
    "\U0001f587\U0001f58a-\U0001f58d\U0001f590\U0001f595\U0001f596\U0001f5a4\U0001f5a5\U0001f5a8\U0001f5b1\U0001f5b2"
    "\U0001f5bc\U0001f5c2-\U0001f5c4\U0001f5d1-\U0001f5d3\U0001f5dc-\U0001f5de\U0001f5e1\U0001f5e3\U0001f5e8"
    "\U0001f5ef\U0001f5f3\U0001f5fa-\U0001f64f\U0001f680-\U0001f6c5\U0001f6cb-\U0001f6d2\U0001f6d5-\U0001f6d8"
    "\U0001f6dc-\U0001f6e5\U0001f6e9\U0001f6eb\U0001f6ec\U0001f6f0\U0001f6f3-\U0001f6fc\U0001f7e0-\U0001f7eb"
    "\U0001f7f0\U0001f90c-\U0001f93a\U0001f93c-\U0001f945\U0001f947-\U0001f9ff\U0001fa70-\U0001faff"
)
FLAG_LETTERS: Final = "\U0001f1e6-\U0001f1ff"
_ZERO_WIDTH_JOINER: Final = "\u200d"

_EMOJI: Final = re.compile(f"[{EMOJI_CLASS}]")
_FLAG_LETTER: Final = re.compile(f"[{FLAG_LETTERS}]")
_COMMON_MARK_CLASS: Final = "\u0300-\u036f\u0483-\u0487\u064b-\u065f\ufe00-\ufe0f\u20d0-\u20f0"
_EMOJI_SO_FAR: Final = re.compile(
    f"[{EMOJI_CLASS}][{_COMMON_MARK_CLASS}\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*+\u200d\\Z"
)
_FLAG: Final = re.compile(f"[{FLAG_LETTERS}]{{1,2}}")
# Not behind characters that would join what follows the mark once it is gone.
_COMMON_MARKS: Final = re.compile(f"(?<=[^\r\n\u200d\u1100-\u11ff\uac00-\ud7ff])[{_COMMON_MARK_CLASS}]+")
# Nothing below U+0300 extends a character but the joiners and CR LF; most text is settled by this one search.
_EXTENDED: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u109f\u1100-\u11ff\u135d-\u135f\u1700-\u1cff\u1dc0-\u1dff\u200c\u200d]|"
    "[\u20d0-\u20ff\u2cef-\u2cf1\u2d7f\u2de0-\u2dff\u302a-\u302f\u3099\u309a\ua66f-\uabff]|"
    "[\ud7b0-\ud7ff\ufb1e\ufe00-\ufe0f\ufe20-\ufe2f\uff9e\uff9f\U000101fd-\U0001037a\U00010a00-\U00016fff\U0001bc00-\U0001bcff]|"
    "[\U0001cf00-\U0001daff\U0001e000-\U0001e9ff\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]|\r\n"
)
_MODIFIERS: Final = range(0x1F3FB, 0x1F400)
_TAGS: Final = range(0xE0020, 0xE0080)


def count_graphemes(text: str) -> int:
    """Return how many characters a person sees in `text`."""
    if _EXTENDED.search(text) is None:
        return len(text)
    # Flags first, so that no run of flag letters is left: whether one ends a flag is only known from the run's start.
    # Common marks next, which leaves few characters to look at one by one.
    text = _COMMON_MARKS.sub("", _FLAG.sub("0", text))
    if _EXTENDED.search(text) is None:
        return len(text)
    return sum(1 for index in range(len(text)) if index == 0 or not is_joined(text, index))


def is_joined(text: str, index: int) -> bool:
    """Tell whether `text[index]` belongs to the same visible character as the one before it.

    index: from 1 to `len(text)`; there is always a boundary at the end.
    """
    if index >= len(text):
        return False
    before, here = text[index - 1], text[index]
    if before in "\r\n" or here in "\r\n":
        return before + here == "\r\n"
    if _FLAG_LETTER.match(here):
        return _is_second_flag_letter(text, index)
    if before == _ZERO_WIDTH_JOINER and _EMOJI.match(here):
        return _extends(here) or _EMOJI_SO_FAR.search(text, max(0, index - 32), index) is not None
    return _extends(here) or _joins_hangul(ord(before), ord(here))


def _extends(character: str) -> bool:
    """Tell whether a character always clings to the one before it."""
    if character < "\u0300":
        return False
    point = ord(character)
    if character in "\u200c\u200d\uff9e\uff9f" or point in _MODIFIERS or point in _TAGS:
        return True
    return category(character) in ("Mn", "Me", "Mc")


def _is_second_flag_letter(text: str, index: int) -> bool:
    # A window: a run of flag letters a megabyte long must not be walked back for each of its letters.
    start = index
    while start > max(0, index - 64) and _FLAG_LETTER.match(text[start - 1]):
        start -= 1
    return (index - start) % 2 == 1


def _joins_hangul(before: int, here: int) -> bool:
    """Tell whether two Hangul letters form one syllable (UAX #29, rules GB6 to GB8)."""
    if not 0x1100 <= before <= 0xD7FF:
        return False
    vowel_before = 0x1160 <= before <= 0x11A7 or 0xD7B0 <= before <= 0xD7C6
    vowel = 0x1160 <= here <= 0x11A7 or 0xD7B0 <= here <= 0xD7C6
    final = 0x11A8 <= here <= 0x11FF or 0xD7CB <= here <= 0xD7FB
    syllable = 0xAC00 <= here <= 0xD7A3
    syllable_before = 0xAC00 <= before <= 0xD7A3
    if 0x1100 <= before <= 0x115F:
        return 0x1100 <= here <= 0x115F or vowel or syllable
    if vowel_before or (syllable_before and (before - 0xAC00) % 28 == 0):
        return vowel or final
    return final and (syllable_before or 0x11A8 <= before <= 0x11FF or 0xD7CB <= before <= 0xD7FB)
