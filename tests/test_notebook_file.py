"""The Jupyter notebook, run from top to bottom on a very small synthetic corpus."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="the extra `notebook` is not installed")
nbclient = pytest.importorskip("nbclient", reason="the extra `notebook` is not installed")

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "emotion_recognition.ipynb"
QUICK = 'VOICES, TEXTS, EPOCHS, MODELS = 4, 4, 2, ["dscnn", "3layer-separable"]'

# Two more cells, for what the notebook itself doesn't do: a figure amid a cell, and the same figure in a later one.
AGAIN = ("again = notebook.plot_history(history)\nlen('amid')", "again")


def read_notebook() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def place_of(notebook: Any, tag: str) -> int:
    return next(place for place, cell in enumerate(notebook.cells) if tag in cell.metadata.get("tags", []))


def outputs_of(notebook: Any, code: str) -> list[Any]:
    """Return what the first code cell that contains `code` has shown."""
    return next(cell.outputs for cell in notebook.cells if cell.cell_type == "code" and code in cell.source)


def n_pictures(outputs: list[Any]) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    notebook, folder = read_notebook(), tmp_path_factory.mktemp("notebook")
    notebook.cells.insert(place_of(notebook, "parameters") + 1, nbformat.v4.new_code_cell(QUICK))
    notebook.cells += map(nbformat.v4.new_code_cell, AGAIN)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    notebook.metadata["folder"] = str(folder)
    return notebook


def test_the_notebook_is_committed_without_outputs() -> None:
    code = [cell for cell in read_notebook().cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_the_parameters_are_the_first_code_cell() -> None:
    notebook = read_notebook()
    assert [cell.cell_type for cell in notebook.cells].index("code") == place_of(notebook, "parameters")


@pytest.mark.parametrize("in_colab", [True, False])
def test_google_drive_is_mounted_in_colab_only(in_colab: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted: list[str] = []
    colab = ModuleType("google.colab")
    colab.drive = SimpleNamespace(mount=mounted.append)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "google", ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", colab if in_colab else None)
    notebook, names = read_notebook(), {"Path": Path, "DATA": Path("data"), "RUNS": Path("data/runs")}
    exec(notebook.cells[place_of(notebook, "colab")].source, names)
    assert mounted == (["/content/drive"] if in_colab else [])
    assert names["RUNS"] == (Path("/content/drive/MyDrive/emospec/data/runs") if in_colab else Path("data/runs"))


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(executed: Any) -> None:
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))


@pytest.mark.slow
def test_every_network_is_trained_under_both_protocols(executed: Any) -> None:
    reports = Path(executed.metadata["folder"]).glob("emospec-notebook/runs/*/*/report.html")
    assert sorted(report.parts[-3:-1] for report in reports) == [
        (protocol, model) for protocol in ("notebook", "speakers") for model in ("3layer-separable", "dscnn")
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "pictures"),
    [
        ("plot_spectrograms(list", 1),
        ("plot_spectrograms([", 1),
        ("plot_history(run", 2),
        ("plot_confusion(", 2),
        ("Image(", 1),
        ("notebook.plot_history", 1),
        ("notebook.display_conf", 1),
        ("plot_compare(", 1),
        ("len('amid')", 1),
    ],
)
def test_figures_are_shown_once_each(executed: Any, code: str, pictures: int) -> None:
    assert n_pictures(outputs_of(executed, code)) == pictures


@pytest.mark.slow
def test_a_figure_that_was_shown_can_be_shown_again_in_a_later_cell(executed: Any) -> None:
    assert n_pictures(executed.cells[-1].outputs) == 1


@pytest.mark.slow
def test_nothing_is_printed_to_standard_error(executed: Any) -> None:
    outputs = [output for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
