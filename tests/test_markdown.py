"""Names in Markdown, as a renderer shows them."""

import re

import pytest
from markdown_it import MarkdownIt

from emospec.markdown import code, plain, table_row

NAMES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![a picture](http://example.org/x.png)",
    "[a link](http://example.org)",
    "*stars* and **more**, _lines_, my_corpus, ~~gone~~",
    "`code` ``more`` and \\`escaped\\`",
    "a | b",
    "&lt; &amp; R&D",
    "two\nlines\t here",
    "__init__ in /data/__pycache__/x__.wav",
    *["# heading", "- item", "+ item", "* item", "1. item", "12) item", "---", "===", "> quoted", "-0.5", "#1"],
]


def rendered(markdown: str) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)


def shown(html: str) -> str:
    """What a reader sees: no tag but those of the frame."""
    text = re.sub(r"</?(?:p|code|table|thead|tbody|tr|th|td)>", "", html)
    assert "<" not in text
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text.strip()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_as_it_is(name: str) -> None:
    assert shown(rendered(f"It is {plain(name)}.")) == f"It is {' '.join(name.split())}."


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_begins_a_line_is_shown_as_it_is(name: str) -> None:
    assert shown(rendered(f"{plain(name)}\n")) == " ".join(name.split())
    assert shown(rendered(f"a line\n{plain(name)}\n")) == "a line\n" + " ".join(name.split())


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stays_in_its_cell(name: str) -> None:
    html = rendered("\n".join(map(table_row, [["head", "other"], ["---", "---"], [plain(name), "next"]])))
    assert [shown(cell) for cell in re.findall("<td>(.*?)</td>", html)] == [" ".join(name.split()), "next"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stays_in_its_code_span(name: str) -> None:
    assert shown(rendered(f"It is {code(name)}.")) == f"It is {' '.join(name.split()).replace('`', chr(39))}."
