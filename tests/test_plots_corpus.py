import numpy as np
import pytest

from emospec.errors import EmospecError
from emospec.plots import figure_to_png
from emospec.plots_corpus import plot_by_class, plot_classes, plot_speakers

CLASSES = ("angry", "sad")


def test_a_speaker_without_a_class_is_left_out_of_the_shades() -> None:
    figure = plot_speakers(np.array([[3, 0], [2, 5]]), ("a", "b"), CLASSES)
    shades = figure.axes[0].collections[0].get_array()
    np.testing.assert_array_equal(shades.mask.reshape(2, 2), [[False, False], [True, False]])
    assert figure.axes[0].get_xlabel() == "2 speakers; orange: no clip (1)"


def test_shades_begin_at_no_clip() -> None:
    figure = plot_speakers(np.array([[4, 5], [4, 5]]), ("a", "b"), CLASSES)
    assert figure.axes[0].collections[0].get_clim() == (0, 5)


def test_names_of_very_many_speakers_are_not_written() -> None:
    figure = plot_speakers(np.ones((300, 2), int), [str(n) for n in range(300)], CLASSES)
    assert list(figure.axes[0].get_xticks()) == []


def test_one_speaker_and_one_class_can_be_drawn() -> None:
    assert figure_to_png(plot_speakers(np.array([[7]]), ("a",), ("sad",))).startswith(b"\x89PNG")


@pytest.mark.parametrize("counts", [np.ones((2, 3)), np.ones((0, 2))])
def test_counts_that_fit_nothing_are_refused(counts: np.ndarray) -> None:
    with pytest.raises(EmospecError, match="do not fit 2 speakers, 2 classes"):
        plot_speakers(counts, ("a", "b"), CLASSES)


def test_bars_of_a_class_add_up_to_its_clips() -> None:
    figure = plot_classes({"angry": {"female": 2, "male": 3}, "sad": {"female": 4}})
    widths = [patch.get_width() for patch in figure.axes[0].patches]
    assert widths == [2, 4, 3, 0]
    assert [text.get_text() for text in figure.axes[0].texts] == ["5", "4"]


def test_histograms_of_all_classes_share_their_bins_and_hold_every_clip() -> None:
    values = {"angry": np.linspace(0, 1, 30), "sad": np.linspace(2, 3, 20)}
    figure = plot_by_class(values, title="Durations", label="seconds")
    edges = [[round(patch.get_x(), 6) for patch in axes.patches] for axes in figure.axes]
    assert edges[0] == edges[1]
    assert [sum(patch.get_height() for patch in axes.patches) for axes in figure.axes] == [30, 20]


def test_the_median_of_each_class_is_marked() -> None:
    figure = plot_by_class({"angry": np.array([1.0, 2, 9]), "sad": np.array([4.0])}, title="Levels", label="dB")
    marks = [[line.get_xdata()[0] for line in axes.lines] for axes in figure.axes]
    assert marks == [[3, 2], [3, 4]]


def test_a_histogram_of_nothing_is_refused() -> None:
    with pytest.raises(EmospecError, match="no values to draw for 'Levels'"):
        plot_by_class({}, title="Levels", label="dB")
