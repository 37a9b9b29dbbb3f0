from emospec.report_folds import headline
from emospec.report_parts import confusion_table, key_figures, per_class_table, shared_note
from report_samples import Tags, make_report, text_of, with_numbers, without_intervals


def test_every_table_of_scores_bears_the_share_of_shared_speakers():
    shared = make_report(n_speakers=90, speakers_seen_in_training=88)
    for table in (per_class_table, confusion_table):
        assert "88 of 90 test speakers were also in training" in text_of(table(shared))
        assert "also in training" not in text_of(table(make_report()))


def test_where_speakers_are_unknown_the_note_says_so():
    unknown = without_intervals(n_speakers=None, speakers_seen_in_training=None)
    assert shared_note(unknown) == "nobody can tell whether the test speakers were also in training"
    assert shared_note(unknown) in text_of(confusion_table(unknown))


def test_the_note_of_a_single_speaker_is_in_the_singular():
    note = shared_note(make_report(n_speakers=1, speakers_seen_in_training=1))
    assert note == "1 of 1 test speaker was also in training"


def test_the_headline_of_several_folds_says_that_each_model_was_judged_on_strangers():
    start = "Over 2 folds, on 5 voices that the model of their fold never heard, it named the emotion of"
    assert headline(with_numbers(matrix=None)).startswith(start)


def test_the_table_of_emotions_holds_roc_auc_where_it_is_known():
    text = text_of(per_class_table(with_numbers()))
    assert "angry75.0 %60.0 %66.7 %0.9110" in text
    assert "mean81.0 %80.0 %80.1 %0.9440" in text
    assert "ROC AUC" not in text_of(per_class_table(make_report()))


def test_roc_auc_is_a_key_figure_with_its_interval():
    assert "ROC AUC0.94interval 0.90 to 0.97" in text_of(key_figures(with_numbers()))
    assert "ROC AUC" not in text_of(key_figures(make_report()))


def test_people_have_a_mark_on_the_scale_of_uar():
    figures = key_figures(with_numbers())
    assert [tag["style"] for tag in Tags(figures).named("i") if tag.get("class") == "people"] == ["left:68.0%"]
    assert "The green mark is the listeners' majority: 68.0 % UAR, on the 36 of 40 clips that they took" in text_of(
        figures
    )
    assert "green mark" not in text_of(key_figures(make_report()))
