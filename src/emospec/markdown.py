"""Text in Markdown that says what it says, whatever names it holds."""

import re
from collections.abc import Iterable

HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# What would be a code span, a link, a picture, emphasis or the end of a cell; `_` within a word is no emphasis.
MARKS = re.compile(r"[\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_])")
# What would begin a list, a heading or a rule.
BLOCKS = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=#{1,6}(?:\s|$)|[-+](?:[\s-]|$)|=))")


def plain(text: object) -> str:
    r"""Return a value as text in one line that Markdown shows as it is: no HTML, no picture, no list.

    Some readers make links of bare addresses all the same.

    >>> plain("<b>bold</b> *and* my_corpus")
    '&lt;b&gt;bold&lt;/b&gt; \\*and\\* my_corpus'
    """
    line = BLOCKS.sub(r"\1\\", MARKS.sub(r"\\\g<0>", " ".join(str(text).split())))
    return re.sub("[&<>]", lambda found: HTML[found[0]], line)


def code(text: object) -> str:
    """Return a value as a code span, in which nothing but a backtick means anything."""
    line = " ".join(str(text).split()).replace("`", "'")
    return f"`{line}`"


def table_row(cells: Iterable[str]) -> str:
    """Return a row of a table; cells are Markdown, such as `plain` gives it."""
    return f"| {' | '.join(cells)} |"
