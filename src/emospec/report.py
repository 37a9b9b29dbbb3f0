"""The report of a run as one page that needs nothing but itself, and several runs side by side."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from emospec import report_parts as parts
from emospec.files import write_text
from emospec.markup import Html, data_uri, element, inline_svg, join, page, table
from emospec.plots import figure_to_svg
from emospec.report_compare import compare_html, compare_table
from emospec.report_folds import headline, matrix_section
from emospec.report_mistakes import Mistake, mistake_cards
from emospec.report_numbers import number_sections
from emospec.report_parts import Section

__all__ = ["Mistake", "compare_html", "compare_table", "write_report", "write_report_without_scores"]

MISTAKES = (
    "The clips that the model named most wrongly, worst first. "
    "The picture is what the model saw: time runs to the right, low sounds are below and high ones above."
)
REPEAT = (
    "Everything that was asked stands in run.toml beside this page, and who was in which part in split.csv. "
    "In this folder,"
)


def write_report(
    path: Path,
    *,
    report: Mapping[str, Any],
    settings: Mapping[str, Any],
    history: pd.DataFrame | None,
    mistakes: Sequence[Mistake],
    figures: Mapping[str, Figure] | None = None,
    diagram_png: bytes | None = None,
) -> None:
    """Write one HTML page about a run: scores, curves, mistakes to see and hear, settings.

    The page loads nothing from elsewhere and runs no script.

    Parameters
    ----------
    report : dict
        `Report.to_dict()`; optional keys `test_loss` (a number) and `notice` (a sentence shown above the scores).
        What is missing or None of `roc_auc`, `brier`, `reliability`, `risk_coverage`, `listeners`, `folds` and
        `matrix`, as in older reports, is not shown.
    settings : dict
        The content of `run.toml`; its table `made_with` holds the versions.
    history : one row an epoch, or None
        As for `plot_history`.
    mistakes : sequence of Mistake
        The worst first; a recording that cannot be read leaves its card without sound, and says why.
    figures : dict, optional
        More pictures by their titles.
    diagram_png : bytes, optional
        A picture of the layers.
    """
    sections = [
        *matrix_section(report),
        _scores_section(report),
        *number_sections(report),
        *_training_section(history),
        *_mistakes_section(mistakes),
        *_figures_section(figures or {}),
        *_diagram_section(diagram_png),
        *_settings_sections(settings),
        _repeat_section(path, settings),
    ]
    top = join(element("p", headline(report), class_="headline"), parts.banners(report), parts.key_figures(report))
    _write_page(path, f"{model_name(report, settings)}, protocol {report['protocol']}", top, sections)


def write_report_without_scores(
    path: Path,
    *,
    report: Mapping[str, Any],
    settings: Mapping[str, Any],
    history: pd.DataFrame | None,
    figures: Mapping[str, Figure] | None = None,
    diagram_png: bytes | None = None,
) -> None:
    """Write one HTML page about a run that nobody judged: why, its curves, its settings.

    Parameters
    ----------
    report : dict
        `protocol`, and `not_judged`, a sentence that says why; optional `notice`.
    settings, history, figures, diagram_png
        As for `write_report`.
    """
    sections = [
        *_training_section(history),
        *_figures_section(figures or {}),
        *_diagram_section(diagram_png),
        *_settings_sections(settings),
        _repeat_section(path, settings),
    ]
    _write_page(
        path, f"{model_name(report, settings)}, protocol {report['protocol']}", parts.unjudged(report), sections
    )


def _write_page(path: Path, title: str, top: Html, sections: Sequence[Section]) -> None:
    header = element("header", element("p", "emospec report", class_="eyebrow"), element("h1", title))
    main = element("main", top, _contents(sections), *map(_section, sections))
    write_text(page(f"emospec report: {title}", header, main), path)


def model_name(report: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """Return the name of the model that a report is about."""
    train = settings.get("train")
    inner = train.get("model") if isinstance(train, Mapping) else None
    return str(inner or settings.get("model") or report.get("model") or "model")


def _contents(sections: Sequence[Section]) -> Html:
    links = (element("li", element("a", title, href=f"#{name}")) for name, title, _ in sections)
    return element("nav", element("ul", *links), aria_label="Contents")


def _section(section: Section) -> Html:
    name, title, body = section
    return element("section", element("h2", title, id=f"{name}-title"), body, id=name, aria_labelledby=f"{name}-title")


def _scores_section(report: Mapping[str, Any]) -> Section:
    tables = element("div", parts.per_class_table(report), parts.confusion_table(report), class_="pair wider")
    return "emotions", "Emotion by emotion", join(element("p", parts.worst_confusion(report)), tables)


def _training_section(history: pd.DataFrame | None) -> list[Section]:
    if history is None or history.empty:
        return []
    return [("training", "Training", parts.history_part(history))]


def _mistakes_section(mistakes: Sequence[Mistake]) -> list[Section]:
    if not mistakes:
        return [("mistakes", "Worst mistakes", element("p", "None to show."))]
    return [("mistakes", "Worst mistakes", join(element("p", MISTAKES), mistake_cards(mistakes)))]


def _figures_section(figures: Mapping[str, Figure]) -> list[Section]:
    if not figures:
        return []
    drawn = []
    for number, (title, figure) in enumerate(figures.items()):
        svg = inline_svg(figure_to_svg(figure), title, f"figure-{number}", themed=False)
        drawn.append(element("figure", element("figcaption", title), element("div", svg, class_="paper")))
    return [("figures", "More pictures", element("div", *drawn, class_="pair"))]


def _diagram_section(diagram_png: bytes | None) -> list[Section]:
    if not diagram_png:
        return []
    image = element(
        "img", src=data_uri(diagram_png, "image/png"), alt="The layers of the network, from input to output"
    )
    return [
        (
            "layers",
            "Layers",
            element("div", image, class_="scroll paper", tabindex="0", role="region", aria_label="Layers"),
        )
    ]


def _settings_sections(settings: Mapping[str, Any]) -> list[Section]:
    groups = {name: value for name, value in settings.items() if isinstance(value, Mapping) and value}
    plain = {name: value for name, value in settings.items() if not isinstance(value, Mapping)}
    versions = groups.pop("made_with", None)
    tables = [_settings_table("run", plain)] if plain else []
    tables += [_settings_table(name, values) for name, values in groups.items()]
    sections = [("settings", "Settings", element("div", *tables, class_="columns"))] if tables else []
    if versions:
        sections.append(
            ("versions", "Versions", element("div", _settings_table("made with", versions), class_="columns"))
        )
    return sections


def _settings_table(title: str, values: Mapping[str, Any]) -> Html:
    rows = [[name, element("code", _setting(value))] for name, value in values.items()]
    return table(title, ("Setting", "Value"), rows, class_="settings")


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_inner(inner)}" for name, inner in value.items())
    return ", ".join(map(_setting, value)) if isinstance(value, list | tuple) else str(value)


def _inner(value: object) -> str:
    return f"({_setting(value)})" if isinstance(value, Mapping) else f"= {_setting(value)}"


def _repeat_section(path: Path, settings: Mapping[str, Any]) -> Section:
    images = shlex.quote(str(settings.get("images", "IMAGES")))
    clips = f" --clips {shlex.quote(str(settings['clips']))}" if "clips" in settings else ""
    command = f"emospec train {images}{clips} --config run.toml --out NEW_RUN"
    body = join(
        element("p", REPEAT),
        element("pre", element("code", command), tabindex="0"),
        element("p", "does it once more, from the same seed."),
    )
    return "repeat", "How to repeat it", body
