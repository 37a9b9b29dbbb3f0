"""HTML that is escaped by construction: whatever is not `Html` already is text, and text cannot become markup."""

import html
import re
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from emospec.plots import BLUE, GREEN, GRID, INK, MUTED, ORANGE, RED, figure_to_svg

THEME = {INK: "ink", MUTED: "muted", GRID: "line", BLUE: "blue", ORANGE: "orange", GREEN: "green", RED: "red"}
VOID = ("br", "img", "meta")
# Nothing may be fetched and nothing may run, whatever a label or a path holds.
POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"


class Html(str):
    """Characters that are HTML already, and go into a page as they are."""

    __slots__ = ()


def element(tag: str, *children: object, **attributes: object) -> Html:
    """Return one element; children that are not `Html` are escaped, and so are the values of attributes.

    An attribute that is None or False is left out. In names, `_` stands for `-`, and a `_` at the end is dropped.

    >>> element("p", "a < b", element("br"), class_="note")
    '<p class="note">a &lt; b<br></p>'
    """
    start = f"<{tag}{''.join(_attribute(name, value) for name, value in attributes.items())}>"
    return Html(start if tag in VOID else f"{start}{join(*children)}</{tag}>")


def join(*children: object) -> Html:
    """Return children one after the other, escaped unless they are `Html`; None is left out."""
    return Html("".join(escape(child) for child in children if child is not None))


def escape(value: object) -> Html:
    """Return a value as text that is safe inside elements and quoted attributes."""
    return value if isinstance(value, Html) else Html(html.escape(str(value), quote=True))


def table(
    caption: str,
    head: Sequence[object],
    rows: Sequence[Sequence[object]],
    *,
    class_: str | None = None,
    note: str | None = None,
) -> Html:
    """Return a table whose first column names the rows, in a box that scrolls sideways where it is too wide.

    Parameters
    ----------
    note : str, optional
        What must be read with the numbers: it stands below the caption, in the colour of a warning.
    """
    remark = element("strong", note, class_="remark") if note else None
    top = element("tr", *(element("th", cell, scope="col") for cell in head))
    body = (element("tr", element("th", row[0], scope="row"), *(_cell(cell) for cell in row[1:])) for row in rows)
    whole = element(
        "table", element("caption", caption, remark), element("thead", top), element("tbody", *body), class_=class_
    )
    return element("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption)


def data_uri(content: bytes, media_type: str) -> str:
    """Return bytes as an address that holds them."""
    return f"data:{media_type};base64,{b64encode(content).decode('ascii')}"


def inline_svg(svg: str, label: str, prefix: str, *, themed: bool = True) -> Html:
    """Return the SVG of a figure for a page, its ids starting with `prefix`.

    Parameters
    ----------
    themed : bool
        Whether our colours follow the page's light or dark theme. False for a figure that needs white paper.
    """
    body = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    head, rest = body.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    rest = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", rest)
    for colour, variable in THEME.items() if themed else ():
        rest = rest.replace(colour, f"var(--{variable})")
    return Html(f'<svg {box.group() if box else ""} role="img" aria-label="{escape(label)}">{rest.strip()}')


def drawing(figure: Figure, label: str, prefix: str) -> Html:
    """Return a figure with its caption; as `inline_svg`."""
    return element("figure", element("figcaption", label), inline_svg(figure_to_svg(figure), label, prefix))


def page(title: str, *body: object) -> str:
    """Return a whole page that needs nothing but itself."""
    style = Html(Path(__file__).with_name("report.css").read_text(encoding="utf-8"))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", style),
    )
    return f"<!doctype html>\n{element('html', head, element('body', *body), lang='en')}\n"


def _attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = name.removesuffix("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'


def _cell(cell: object) -> Html:
    return cell if isinstance(cell, Html) and cell.startswith("<td") else element("td", cell)
