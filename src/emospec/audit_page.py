"""The account of an audit as one page that needs nothing but itself, and its pictures as PNG."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from emospec import plots_audit
from emospec.audit_report import (
    FIGURES,
    INTERVALS,
    PARTS,
    SHOWN_IN,
    by_part,
    headline,
    left_out_lines,
    picture_file,
    pictures_of,
    seeds,
    summary,
)
from emospec.markup import Html, element, inline_svg, join, page, table
from emospec.plots import figure_to_png, figure_to_svg

Facts = Mapping[str, Any]
Verdicts = Sequence[Mapping[str, Any]]

DRAW = {
    "uar_by_condition": plots_audit.plot_uar_by_condition,
    "unchanged_by_condition": plots_audit.plot_unchanged_by_condition,
    "uar_by_group": plots_audit.plot_uar_by_group,
    "reliability": plots_audit.plot_audit_reliability,
}
STYLE = Html(
    ".verdicts tbody th { width: 5.5rem; }"
    ".fail, .figures .fail { color: var(--red); } .unclear, .figures .unclear { color: var(--amber); }"
    ".pass, .figures .pass { color: var(--green); }"
)


def page_files(facts: Facts) -> dict[str, bytes]:
    """Return the content of `audit.html`, and of the same pictures as PNG, by the names of the files."""
    note = " ".join(facts["warnings"]) or None
    figures = {name: DRAW[name](facts, note=note) for name in pictures_of(facts)}
    pictures = {picture_file(name): figure_to_png(figure) for name, figure in figures.items()}
    return {**pictures, "audit.html": audit_page(facts, figures).encode()}


def audit_page(facts: Facts, figures: Mapping[str, Figure]) -> str:
    """Return the page; `figures` are the pictures by their names in `FIGURES`."""
    title = f"Audit of {facts['model']}"
    header = element(
        "header", element("style", STYLE), element("p", "emospec audit", class_="eyebrow"), element("h1", title)
    )
    top = join(element("p", f"{headline(facts)}: {summary(facts['verdicts'])}.", class_="headline"), _banners(facts))
    sections = [_part(part, verdicts, facts, figures) for part, verdicts in by_part(facts).items()]
    main = element("main", top, _cards(facts), element("p", INTERVALS, class_="note"), *sections, _settings(facts))
    return page(f"emospec audit: {facts['model']}", header, main)


def _banners(facts: Facts) -> Html:
    return join(*(element("p", warning, class_="banner warning", role="note") for warning in facts["warnings"]))


def _cards(facts: Facts) -> Html:
    return element("dl", *(_card(part, verdicts) for part, verdicts in by_part(facts).items()), class_="figures")


def _card(part: str, verdicts: Verdicts) -> Html:
    outcomes = [verdict["verdict"] for verdict in verdicts]
    passed = f"{outcomes.count('pass')} of {len(outcomes)}"
    kind = next(name for name in ("fail", "unclear", "pass") if name in outcomes)
    rest = " and ".join(f"{outcomes.count(name)} {name}" for name in ("fail", "unclear") if name in outcomes)
    link = element("a", part.capitalize(), href=f"#{part}")
    said = element("dd", f"pass{f'; {rest}' if rest else ''}")
    return element("div", element("dt", link), element("dd", passed, class_=f"value {kind}"), said, class_="card")


def _part(part: str, verdicts: Verdicts, facts: Facts, figures: Mapping[str, Figure]) -> Html:
    notable = [verdict for verdict in verdicts if verdict["verdict"] != "pass"]
    passed = [verdict for verdict in verdicts if verdict["verdict"] == "pass"]
    note = " ".join(facts["warnings"]) or None
    body = [_table(f"{part.capitalize()}: what fails or is unclear", notable, note)] if notable else []
    if passed and notable:
        said = element("summary", f"{len(passed)} that pass")
        body.append(element("details", said, _table(f"{part.capitalize()}: what passes", passed, note), class_="after"))
    elif passed:
        body.append(_table(f"{part.capitalize()}: everything passes", passed, note))
    drawn = (_figure(name, figures[name]) for name in SHOWN_IN.get(part, ()))
    title = element("h2", PARTS[part], id=f"{part}-title")
    return element("section", title, *body, *drawn, id=part, aria_labelledby=f"{part}-title")


def _table(caption: str, verdicts: Verdicts, note: str | None) -> Html:
    rows = [(element("span", one["verdict"], class_=one["verdict"]), one["sentence"]) for one in verdicts]
    return table(caption, ("Verdict", "What was found"), rows, class_="verdicts", note=note)


def _figure(name: str, figure: Figure) -> Html:
    svg = inline_svg(figure_to_svg(figure), FIGURES[name], name)
    return element("figure", element("figcaption", FIGURES[name]), svg, class_="chart after")


def _settings(facts: Facts) -> Html:
    """Return what was left out, the limits and the seed."""
    lines = [element("li", line) for line in left_out_lines(facts)]
    limits = facts["limits"]
    rows = [(f"{part}: {name}", _shown(value)) for part, values in limits.items() for name, value in values.items()]
    return element(
        "section",
        element("h2", "What was asked of it"),
        element("ul", *lines) if lines else None,
        element("p", seeds(facts)),
        element("p", "Classes: ", ", ".join(facts["classes"])),
        table("Limits", ("Limit", "Value"), rows, class_="settings"),
    )


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {inner}" for name, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
