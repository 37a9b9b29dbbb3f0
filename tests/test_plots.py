import numpy as np
import pandas as pd
import pytest

from emospec.errors import EmospecError
from emospec.plots import (
    RED,
    best_row,
    epochs_of,
    figure_to_png,
    figure_to_svg,
    plot_compare,
    plot_confusion,
    plot_curve,
    plot_history,
    plot_spectrograms,
)

MATRIX = np.array([[30, 10], [5, 0]])


@pytest.fixture
def history() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "loss": [1.4, 1.0, 0.6],
            "accuracy": [0.3, 0.5, 0.8],
            "precision": [0.4, 0.6, 0.9],
            "recall": [0.1, 0.4, 0.7],
            "val_loss": [1.3, 1.1, 1.2],
            "val_accuracy": [0.35, 0.5, 0.45],
            "val_precision": [0.4, 0.6, 0.5],
            "val_recall": [0.2, 0.3, 0.4],
        }
    )


def texts_of(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_a_history_has_a_panel_for_loss_accuracy_precision_and_recall(history):
    panels = plot_history(history).axes
    assert [panel.get_title(loc="left") for panel in panels] == ["loss", "accuracy", "precision", "recall"]


def test_a_panel_draws_training_and_validation_over_the_epochs(history):
    training, validation = plot_curve(history, "accuracy").axes[0].lines[:2]
    assert training.get_xydata().tolist() == [[1, 0.3], [2, 0.5], [3, 0.8]]
    assert validation.get_ydata().tolist() == [0.35, 0.5, 0.45]


def test_the_best_epoch_is_that_of_the_lowest_validation_loss(history):
    assert best_row(history) == 1
    for panel in plot_history(history).axes:
        assert panel.lines[-1].get_xdata() == [2, 2]
        assert "best epoch (2)" in [text.get_text() for text in panel.get_legend().get_texts()]


def test_without_validation_the_best_epoch_is_that_of_the_lowest_loss(history):
    training = history[["epoch", "loss", "accuracy"]]
    assert best_row(training) == 2
    assert len(plot_curve(training, "accuracy").axes[0].lines) == 2


def test_epochs_are_counted_from_one_where_no_column_tells_them(history):
    assert epochs_of(history.drop(columns="epoch")).tolist() == [1, 2, 3]


def test_a_missing_quantity_leaves_its_panel_without_curves(history):
    panel = plot_history(history.drop(columns=["recall", "val_recall"])).axes[3]
    assert len(panel.lines) == 1


@pytest.mark.parametrize("rows", [{"accuracy": [0.5]}, {"loss": []}, {"loss": [float("nan")]}])
def test_a_history_without_losses_is_refused(rows):
    with pytest.raises(EmospecError, match=r"no losses.*expected a row an epoch"):
        plot_history(pd.DataFrame(rows))


def test_a_history_of_one_epoch_shows_points(history):
    assert plot_curve(history.head(1), "loss").axes[0].lines[0].get_marker() == "o"


def test_each_cell_of_a_confusion_matrix_says_count_and_share_of_the_row():
    axes = plot_confusion(MATRIX, ["angry", "sad"]).axes[0]
    assert texts_of(axes) == ["30\n75 %", "10\n25 %", "5\n100 %", "0\n0 %"]


def test_a_class_without_clips_has_no_shares():
    axes = plot_confusion(np.array([[3, 1], [0, 0]]), ["angry", "sad"]).axes[0]
    assert texts_of(axes)[2:] == ["0\nn/a", "0\nn/a"]


def test_the_axes_of_a_confusion_matrix_name_the_classes_in_order():
    axes = plot_confusion(MATRIX, ["angry", "sad"]).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["angry", "sad"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["angry", "sad"]


def test_a_confusion_matrix_that_does_not_fit_its_classes_is_refused():
    with pytest.raises(EmospecError, match=r"2, 2.*does not fit 3 classes"):
        plot_confusion(MATRIX, ["angry", "fear", "sad"])


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3)])
def test_spectrograms_show_the_pixels_as_they_are(shape):
    image = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    drawn = plot_spectrograms([image], ["a"]).axes[0].images[0]
    assert np.array_equal(drawn.get_array(), image.squeeze())
    assert drawn.get_clim() == (0, 255) or image.ndim == 3


def test_five_spectrograms_in_four_columns_take_two_rows():
    figure = plot_spectrograms([np.zeros((4, 4), np.uint8)] * 5, list("abcde"))
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1, 1, 1, 0, 0, 0]
    assert [axes.get_title() for axes in figure.axes[:5]] == list("abcde")


@pytest.mark.parametrize(("n_images", "titles"), [(0, []), (2, ["only one"])])
def test_spectrograms_without_a_title_each_are_refused(n_images, titles):
    with pytest.raises(EmospecError, match="with a title each"):
        plot_spectrograms([np.zeros((4, 4), np.uint8)] * n_images, titles)


def test_runs_are_compared_by_bars_with_their_intervals_in_percent():
    axes = plot_compare([("a", 0.5, 0.4, 0.7), ("b", 0.25, None, None)], chance=0.25).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [50, 25]
    assert axes.lines[0].get_xdata() == pytest.approx([40, 70])
    assert len(axes.lines) == 2, "one interval and the line of chance"
    assert texts_of(axes) == ["50.0 %", "25.0 %", "guessing"]


def test_a_note_stands_below_a_plot_in_the_colour_of_a_warning():
    note = "71 of 71 test speakers were also in training"
    for figure in (plot_confusion(MATRIX, ["a", "b"], note=note), plot_compare([("a", 0.5, None, None)], note=note)):
        (text,) = figure.texts
        assert " ".join(text.get_text().split()) == note
        assert text.get_color() == RED
        svg = figure_to_svg(figure)
        assert all(f">{line}</text>" in svg for line in text.get_text().splitlines())


def test_a_plot_without_a_note_has_none():
    assert not plot_confusion(MATRIX, ["a", "b"]).texts
    assert not plot_compare([("a", 0.5, None, None)]).texts


def test_a_note_is_broken_into_lines_that_fit_its_plot():
    figure = plot_compare([("a", 0.5, None, None)], note="so many speakers " * 20)
    lines = figure.texts[0].get_text().splitlines()
    assert len(lines) > 4
    assert max(map(len, lines)) <= 11 * figure.get_figwidth()


def test_a_note_takes_no_room_from_the_bars():
    figure = plot_compare([("a", 0.5, None, None)], note="heard in training")
    figure.draw_without_rendering()
    assert figure.texts[0].get_window_extent().y1 <= figure.axes[0].xaxis.label.get_window_extent().y0 + 1


def test_a_long_name_is_shortened_in_its_middle_so_that_bars_have_room():
    axes = plot_compare([("a" * 20 + "b" * 20, 0.5, None, None)]).axes[0]
    assert axes.get_yticklabels()[0].get_text() == "a" * 14 + "..." + "b" * 15


def test_names_with_dollars_are_drawn_as_text():
    figure_to_svg(plot_compare([("$x_{$", 0.5, None, None)]))
    figure_to_svg(plot_spectrograms([np.zeros((4, 4), np.uint8)], ["$x_{$"]))


def test_the_same_history_gives_the_same_svg_and_png(history):
    assert figure_to_svg(plot_history(history)) == figure_to_svg(plot_history(history))
    assert figure_to_png(plot_history(history)) == figure_to_png(plot_history(history))


def test_an_svg_keeps_its_text_and_no_date(history):
    svg = figure_to_svg(plot_history(history))
    assert ">best epoch (2)<" in svg
    assert "dc:date" not in svg


def test_the_history_of_a_random_split_carries_its_warning() -> None:
    history = pd.DataFrame({"loss": [1.0, 0.5], "val_loss": [1.1, 0.9]})
    assert "71 of 71 heard" in figure_to_svg(plot_history(history, note="71 of 71 heard"))
    assert "heard" not in figure_to_svg(plot_history(history))
