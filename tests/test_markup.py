from emospec.markup import inline_svg, table
from emospec.plots import RED, draw_note, figure_to_svg, plot_compare
from report_samples import HOSTILE, Tags, text_of


def test_a_note_of_a_table_stands_in_its_caption():
    made = table("Scores", ("Run",), [["a"]], note="4 of 5 heard")
    assert "Scores4 of 5 heard" in text_of(made)
    assert Tags(made).named("strong") == [{"class": "remark"}]


def test_a_table_without_a_note_has_no_empty_one():
    assert not Tags(table("Scores", ("Run",), [["a"]])).named("strong")


def test_a_hostile_note_stays_text():
    assert not Tags(table("Scores", ("Run",), [["a"]], note=HOSTILE)).named("script")


def test_a_warning_in_a_picture_follows_the_theme_of_the_page():
    figure = plot_compare([("a", 0.5, None, None)])
    draw_note(figure, "heard in training")
    svg = inline_svg(figure_to_svg(figure), "UAR", "uar")
    assert "var(--red)" in svg
    assert RED not in svg
