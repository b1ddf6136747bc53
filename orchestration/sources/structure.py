"""Where JSON has its brackets and commas, told from bytes alone, whole blocks at a time and without parsing.

A quote opens a text that ends, at the latest, with its line, because JSON has no line breaks in texts: what is torn on
one line costs the next ones nothing. Whether what lies between is valid is judged later, record by record.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

LINE_FEED, SPACE, COMMA, BRACKET, BRACE = 10, 32, 44, 91, 123
_QUOTE, _BACKSLASH = 34, 92
_DEPTH = np.zeros(256, np.int8)
_DEPTH[[BRACKET, BRACE]], _DEPTH[[93, 125]] = 1, -1
_IS_STRUCTURE = _DEPTH != 0
_IS_STRUCTURE[COMMA] = True
IS_BLANK = np.zeros(256, bool)
IS_BLANK[[9, LINE_FEED, SPACE]] = True

_LOOSE, _TRAILING = re.compile(rb"(?m)^\[[ \t]+(?=\{)"), re.compile(rb"(?m)\][ \t]+$")


@dataclass
class Quoting:
    """What a block leaves open for the next one: a text, and a backslash before what comes."""

    is_open: bool = False
    is_escaped: bool = False


def structure(data: Array, ends: Array, quoting: Quoting) -> tuple[Array, Array]:
    """Returns the positions of brackets, braces and commas outside of texts, and by how much each changes the depth.

    Args:
        data: The bytes of a block.
        ends: The positions of its line feeds.
        quoting: What the block before left open; then what this one does.
    """
    quotes = _quotes(data, quoting)
    # Quotes before each line: those before the block are one if a text was open.
    before = np.concatenate(([-1 if quoting.is_open else 0], np.searchsorted(quotes, ends)))
    found = np.flatnonzero(_IS_STRUCTURE[data])
    line = np.searchsorted(ends, found)
    found = found[(np.searchsorted(quotes, found) - before[line]) % 2 == 0]
    quoting.is_open = bool((len(quotes) - before[-1]) % 2)
    return found, _DEPTH[data[found]].astype(np.int64)


def _quotes(data: Array, quoting: Quoting) -> Array:
    """Returns the positions of quotes without those behind an odd number of backslashes."""
    quotes = np.flatnonzero(data == _QUOTE)
    slashes = data == _BACKSLASH
    if not slashes.any():
        if quoting.is_escaped and len(quotes) and quotes[0] == 0:
            quotes = quotes[1:]
        quoting.is_escaped = quoting.is_escaped and not len(data)
        return quotes
    # How many backslashes end at each place; of those that the block before ended with, only whether they are odd.
    places = np.arange(len(data))
    others = np.maximum.accumulate(np.where(slashes, -1, places))
    runs = np.where(slashes, places - others + (quoting.is_escaped & (others < 0)), 0)
    kept = quotes[np.where(quotes > 0, runs[quotes - 1], quoting.is_escaped) % 2 == 0]
    quoting.is_escaped = bool(runs[-1] % 2)
    return kept


def complexity(line: bytes) -> tuple[int, int]:
    """Returns how deep the brackets and braces of a line are nested, and about how many values they hold."""
    change = structure(np.frombuffer(line, np.uint8), np.empty(0, np.int64), Quoting())[1]
    return int(np.max(np.cumsum(change), initial=0)), int(np.count_nonzero(change >= 0))


def line_ends(block: bytes) -> Array:
    """Returns the positions of the line feeds."""
    return np.flatnonzero(np.frombuffer(block, np.uint8) == LINE_FEED)


def unpacked(block: bytes, ends: Array) -> tuple[bytes, Array] | None:
    """Makes a line of each object in those lines that are arrays of objects; None if there are none.

    Returns:
        The block, and for each of its lines which of the lines before it came from, counted from 0.
    """
    starts = np.concatenate(([0], ends[:-1] + 1))[: len(ends)]
    # Searching the whole block for a bracket behind a line feed costs as much as a fifth of a typed read.
    if not (np.frombuffer(block, np.uint8)[starts] == BRACKET).any():
        return None
    if b"[ " in block or b"] \n" in block:
        block = _LOOSE.sub(b"[", _TRAILING.sub(b"]", block))
        ends = line_ends(block)
        starts = np.concatenate(([0], ends[:-1] + 1))
    data = np.frombuffer(block, np.uint8).copy()
    found, change = structure(data, ends, Quoting())
    depth = np.cumsum(change)
    line = np.searchsorted(ends, found)
    before = np.concatenate(([0], depth))[np.searchsorted(found, starts)]
    after = np.concatenate(([0], depth))[np.searchsorted(found, ends)]
    following = data.take(starts + 1, mode="clip")
    are_batches = (data[starts] == BRACKET) & (following == BRACE) & (data[ends - 1] == 93) & (before == after)
    if not are_batches.any():
        return None
    between = (data[found] == COMMA) & (depth - before[line] == 1) & are_batches[line]
    data[found[between]] = LINE_FEED
    origin = np.searchsorted(ends, np.flatnonzero(data == LINE_FEED))
    kept = np.ones(len(data), bool)
    kept[starts[are_batches]] = kept[ends[are_batches] - 1] = False
    return data[kept].tobytes(), origin
