import pytest

from emospec.errors import EmospecError
from emospec.plots import figure_to_svg
from emospec.plots_numbers import plot_folds, plot_matrix, plot_reliability, plot_risk_coverage
from report_samples import estimate, make_fold, with_numbers

REPORT = with_numbers()
NOTE = "71 of 71 test speakers were also in training"
PLOTS = {
    plot_reliability: REPORT["reliability"],
    plot_risk_coverage: REPORT["risk_coverage"],
    plot_folds: REPORT["folds"],
    plot_matrix: REPORT["matrix"],
}


def texts_of(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def legend_of(axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.mark.parametrize("plot", PLOTS)
def test_a_note_stands_below_each_plot_in_the_colour_of_a_warning(plot):
    figure = plot(PLOTS[plot], note=NOTE)
    (note,) = figure.texts
    assert " ".join(note.get_text().split()) == NOTE
    assert note.get_color() == "#a3120a"
    assert "were also in training" in figure_to_svg(figure)


@pytest.mark.parametrize("plot", PLOTS)
def test_without_a_note_there_is_none(plot):
    assert not plot(PLOTS[plot]).figure.texts


@pytest.mark.parametrize("plot", [plot_reliability, plot_risk_coverage, plot_folds])
def test_nothing_to_draw_is_refused(plot):
    with pytest.raises(EmospecError, match=r"no .* to draw; expected at least one"):
        plot([])


def test_a_reliability_diagram_has_a_bar_a_bin_and_the_gap_to_its_confidence():
    above = plot_reliability(REPORT["reliability"]).axes[0]
    right, gaps = above.containers
    assert [bar.get_height() for bar in right] == pytest.approx([70, 90])
    assert [(bar.get_y(), bar.get_height()) for bar in gaps] == [pytest.approx((50, 20)), pytest.approx((90, 0))]
    middles = [bar.get_x() + bar.get_width() / 2 for bar in right]
    assert middles == pytest.approx([50, 90])


def test_a_reliability_diagram_says_how_many_clips_each_bin_has():
    assert texts_of(plot_reliability(REPORT["reliability"]).axes[1]) == ["10", "30"]


def test_risk_coverage_is_drawn_in_percent_with_the_marks_of_all_answers_and_people():
    axes = plot_risk_coverage(REPORT["risk_coverage"], overall=0.85, listeners=(0.9, 0.7)).axes[0]
    curve, overall, people = axes.lines
    assert curve.get_xydata().tolist() == [[25, 100], [50, pytest.approx(95.1)], [100, 85]]
    assert overall.get_ydata() == [85, 85]
    assert people.get_xydata().tolist() == [[90, 70]]
    assert legend_of(axes) == ["its surest answers", "all its answers: 85.0 %", "people (their majority): 70.0 %"]


def test_risk_coverage_stands_without_people():
    assert legend_of(plot_risk_coverage(REPORT["risk_coverage"]).axes[0]) == ["its surest answers"]


def test_a_matrix_leaves_a_pair_without_a_score_blank():
    axes = plot_matrix(REPORT["matrix"]).axes[0]
    assert {text.get_position(): text.get_text() for text in axes.texts} == {(1, 0): "41.2 %", (0, 1): "35.7 %"}


def test_the_rows_of_a_matrix_are_what_was_trained_on():
    axes = plot_matrix({"train": ["a", "b+c"], "test": ["d"], "uar": [[0.5], [0.6]]}).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b+c"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["d"]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("trained on", "tested on")


def test_a_matrix_whose_scores_do_not_fit_its_names_is_refused():
    with pytest.raises(EmospecError, match=r"\(1, 2\) do not fit 2 by 1 corpora"):
        plot_matrix({"train": ["a", "b"], "test": ["c"], "uar": [[0.1, 0.2]]})


def points_of(axes) -> list[tuple[float, float]]:
    return [tuple(line.get_xydata()[0]) for line in axes.lines if line.get_marker() == "o"]


def test_folds_stand_in_their_order_before_the_score_of_all():
    axes = plot_folds(REPORT["folds"], pooled=estimate(0.8, 0.72, 0.87)).axes[0]
    assert points_of(axes) == [pytest.approx((75, 0)), pytest.approx((83, 1))]
    assert texts_of(axes) == ["75.0 %", "83.0 %"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["fold 1 of 2", "fold 2 of 2"]
    assert legend_of(axes) == ["95 % interval of all", "all folds together: 80.0 %"]


def test_a_fold_without_a_score_has_no_mark():
    axes = plot_folds([make_fold("a", None), make_fold("b", 0.5)]).axes[0]
    assert points_of(axes) == [(50, 1)]
    assert texts_of(axes) == ["50.0 %"]


def test_folds_can_be_drawn_by_accuracy():
    axes = plot_folds([make_fold("a", None, accuracy=0.5)], score="accuracy").axes[0]
    assert points_of(axes) == [(50, 0)]
    assert axes.get_xlabel() == "accuracy (%)"


def test_many_folds_are_sorted_and_bear_no_names():
    folds = [make_fold(str(n), None if n == 7 else (n * 13 % 31) / 31) for n in range(31)]
    axes = plot_folds(folds).axes[0]
    scores = [score for score, _ in points_of(axes)]
    assert len(scores) == 30
    assert scores == sorted(scores)
    assert not texts_of(axes)
    assert axes.get_ylabel() == "30 folds, the lowest first"
