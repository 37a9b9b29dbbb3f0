import pytest

from emospec.report import write_report
from emospec.report_folds import headline, matrix_section, matrix_sentence
from emospec.report_numbers import (
    claimed,
    compare_people,
    number_figures,
    number_sections,
    people_sentences,
    surest_half,
)
from emospec.report_parts import shared_note
from report_samples import estimate, make_fold, make_listeners, make_report, text_of, with_numbers

NEW = ("roc_auc", "brier", "reliability", "risk_coverage", "listeners", "folds", "matrix")


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def section(report, name: str) -> str:
    (body,) = [body for key, _, body in number_sections(report) if key == name]
    return body


def test_a_report_of_before_has_none_of_these_sections_and_pictures():
    assert number_sections(make_report()) == []
    assert number_figures(make_report()) == {}


def test_numbers_that_are_null_are_as_if_they_were_missing():
    assert number_sections(make_report(**dict.fromkeys(NEW))) == []


def test_a_report_with_everything_has_three_sections_beside_the_matrix_and_four_pictures():
    assert [name for name, _, _ in number_sections(with_numbers())] == ["people", "sureness", "folds"]
    assert list(number_figures(with_numbers())) == ["reliability", "risk_coverage", "folds", "matrix"]


def test_a_page_has_these_sections_and_names_them_in_its_contents(tmp_path):
    for name, report in (("new", with_numbers()), ("old", make_report())):
        write_report(tmp_path / f"{name}.html", report=report, settings={}, history=None, mistakes=[])
    new, old = (text_of((tmp_path / f"{name}.html").read_text(encoding="utf-8")) for name in ("new", "old"))
    for title in ("People on the same clips", "How sure it is", "Folds", "From corpus to corpus"):
        assert new.count(title) == 2
        assert title not in old


def test_every_picture_bears_the_share_of_speakers_that_were_in_training():
    shared = with_numbers(speakers_seen_in_training=4)
    for figure in number_figures(shared).values():
        assert [text.get_text() for text in figure.texts] == [shared_note(shared)]


def test_no_picture_of_a_test_on_strangers_bears_a_note():
    assert not any(figure.texts for figure in number_figures(with_numbers()).values())


@pytest.mark.parametrize("name", ["people", "folds"])
def test_every_table_bears_the_share_of_speakers_that_were_in_training(name):
    note = "4 of 5 test speakers were also in training"
    assert note in text_of(section(with_numbers(speakers_seen_in_training=4), name))
    assert "also in training" not in text_of(section(with_numbers(), name))


def test_the_matrix_bears_the_share_of_speakers_that_were_in_training():
    ((_, _, shared),) = matrix_section(with_numbers(speakers_seen_in_training=4))
    assert "4 of 5 test speakers were also in training" in text_of(shared)


def test_it_is_said_who_listened_and_what_is_left_out():
    heard, _ = map(plain, people_sentences(make_listeners()))
    assert heard == (
        "Listeners judged 95.0 % of the test clips (38) by the voice alone. Answers other than the emotions here do "
        "not count; 5.3 % of these clips have no other answer and are left out. If every answer counts, the most "
        "frequent one is right for 60.0 % of the clips."
    )


def test_listeners_of_whom_only_the_most_frequent_answer_is_known_are_said_to_be_so():
    listeners = make_listeners(source="majority", single=None, share_of_clips=1)
    assert people_sentences(listeners)[0].startswith(
        "Listeners judged all test clips (38) by the voice alone; known is only their most frequent answer."
    )
    assert "one listener alone" not in section(with_numbers(listeners=listeners), "people")


@pytest.mark.parametrize(
    ("low", "words"),
    [
        (0.73, "their intervals overlap, so the difference may be chance."),
        (0.75, "their intervals do not overlap."),
        (None, "without intervals, nobody can say whether the difference is chance."),
    ],
)
def test_it_is_said_whether_the_intervals_of_people_and_model_overlap(low, words):
    model = {"accuracy": estimate(0.9), "uar": estimate(0.81, low, 0.88)}
    sentence = plain(compare_people(make_listeners(model=model)))
    reached = "The listeners' most frequent answer reaches 68.0 % UAR, the model 81.0 % on the same 36 clips; "
    assert sentence == reached + words


def test_intervals_overlap_as_well_where_people_are_better():
    model = {"accuracy": estimate(0.5), "uar": estimate(0.5, 0.4, 0.59)}
    assert compare_people(make_listeners(model=model)).endswith("their intervals do not overlap.")


def test_people_are_compared_by_accuracy_where_an_emotion_has_no_clip():
    model = {"accuracy": estimate(0.86, 0.8, 0.91), "uar": None}
    listeners = make_listeners(model=model)
    assert "reaches 70.0 % accuracy, the model 86.0 %" in plain(compare_people(listeners))
    assert "no value" in section(with_numbers(listeners=listeners), "people")


def test_the_table_of_people_has_majority_single_listener_and_model():
    text = text_of(section(with_numbers(), "people"))
    assert "most frequent answer70.0 %65.0 to 75.068.0 %60.0 to 74.0365.3 %" in text
    assert "one listener alone, on average50.0 %40.0 %365.3 %" in text
    assert "this model, on the clips of the first row86.0 %80.0 to 91.081.0 %73.0 to 88.036" in text


def test_it_is_said_how_sure_the_model_is_and_how_often_it_is_right():
    assert plain(claimed(with_numbers())) == (
        "On average, it is 80.0 % sure of its answer, and 85.0 % of its answers are right: it is less sure than it "
        "could be. Bin by bin, its certainty and its hit rate are 8.1 points apart (expected calibration error, ECE)."
    )


@pytest.mark.parametrize(
    ("right", "words"), [(0.7, "it is too sure of itself"), (0.801, "it is about as sure as it is right")]
)
def test_a_model_that_claims_too_much_is_said_to_do_so(right, words):
    assert words in claimed(with_numbers(accuracy=estimate(right)))


def test_the_brier_score_stands_with_its_scale():
    text = text_of(section(with_numbers(), "sureness"))
    assert "Brier score is 0.25 (95 % interval 0.20 to 0.31): 0 is sure and right every time, 0.67 is knowing" in text


def test_it_is_said_what_is_right_on_the_surest_half():
    assert plain(surest_half(with_numbers())) == (
        "If it answers only on the surest half of the clips (where it is 90 % sure or more), 95.1 % are right; "
        "of all clips, 85.0 %."
    )


def test_folds_stand_with_their_counts_and_scores():
    folds = [make_fold("first", 0.75, speakers_seen_in_training=2), make_fold("second", None, n_speakers=None)]
    text = text_of(section(with_numbers(folds=folds), "folds"))
    assert "2 models were trained, each tested on the fold that it did not see" in text
    assert "Single folds: UAR 75.0 % to 75.0 %." in text
    assert "first203285.0 %75.0 %second20unknown085.0 %none" in text
    assert "A fold without a clip of every emotion has no score of its own" in text


def test_a_run_of_one_fold_has_no_table_of_folds():
    one = with_numbers(folds=[make_fold("only", 0.5)])
    assert "folds" not in [name for name, _, _ in number_sections(one)]
    assert "folds" not in number_figures(one)


def test_folds_without_any_uar_are_shown_by_accuracy():
    folds = [make_fold("a", None), make_fold("b", None, accuracy=0.6)]
    report = with_numbers(folds=folds)
    assert "Single folds: accuracy 60.0 % to 85.0 %." in text_of(section(report, "folds"))
    assert number_figures(report)["folds"].axes[0].get_xlabel() == "accuracy (%)"


def test_many_folds_are_folded_away():
    folds = [make_fold(str(number), 0.5) for number in range(13)]
    assert "<details>" in section(with_numbers(folds=folds), "folds")
    assert "<details>" not in section(with_numbers(folds=folds[:12]), "folds")


def test_the_matrix_leaves_a_pair_without_a_score_blank():
    ((_, _, body),) = matrix_section(with_numbers())
    assert body.count('<td class="blank"></td>') == 2
    assert "savee41.2 %tess35.7 %" in text_of(body)


def test_it_is_said_between_which_corpora_a_model_is_carried_best_and_worst():
    assert plain(matrix_sentence(with_numbers())) == (
        "Best from savee to tess: 41.2 % UAR; worst from tess to savee: 35.7 %; guessing would give 33.3 %."
    )


AT_HOME = {
    "train": ["savee", "emo-db+tess"],
    "test": ["emo-db", "savee", "tess"],
    "uar": [[0.4, 0.99, 0.3], [0.98, 0.5, 0.01]],
}


def test_corpora_of_the_training_are_not_called_best_or_worst():
    assert plain(matrix_sentence(with_numbers(matrix=AT_HOME))) == (
        "Best from emo-db+tess to savee: 50.0 % UAR; worst from savee to tess: 30.0 %; guessing would give 33.3 %."
    )


def test_the_headline_of_models_carried_to_other_corpora_is_their_mean_there():
    pairs = "savee -> emo-db, savee -> tess, emo-db+tess -> savee"
    lead = f"On corpora that it never heard, the model reaches a mean UAR of 40.0 % (trained on -> tested on: {pairs}"
    report = with_numbers(matrix=AT_HOME)
    assert plain(headline(report)) == f"{lead}); guessing would give 33.3 %."
    counted = headline(report | {"n_different_clips": 31})
    assert plain(counted) == f"{lead}; 40 tests of 31 clips in all); guessing would give 33.3 %."


def test_the_headline_of_a_model_carried_to_one_corpus_speaks_of_no_mean():
    matrix = {"train": ["savee"], "test": ["savee", "tess"], "uar": [[0.9, 0.4]]}
    start = (
        "On a corpus that it never heard, the model reaches a UAR of 40.0 % (trained on -> tested on: savee -> tess)"
    )
    assert plain(headline(with_numbers(matrix=matrix))).startswith(start)


def test_many_pairs_of_corpora_are_counted_in_the_headline():
    names = ["a", "b", "c"]
    matrix = {"train": names, "test": [*names, "d"], "uar": [[0.5] * 4] * 3}
    assert "a mean UAR of 50.0 % (9 pairs of corpora)" in plain(headline(with_numbers(matrix=matrix)))


def test_without_a_score_on_another_corpus_the_headline_says_so():
    matrix = {"train": ["a"], "test": ["a"], "uar": [[0.9]]}
    assert headline(with_numbers(matrix=matrix)).startswith("No pair of corpora has a score")


def test_the_matrix_leads_the_page(tmp_path):
    write_report(tmp_path / "page.html", report=with_numbers(), settings={}, history=None, mistakes=[])
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.index('<section id="corpora"') < page.index('<section id="emotions"')


def test_a_matrix_without_scores_says_so():
    empty = with_numbers(matrix={"train": ["a"], "test": ["a"], "uar": [[None]]})
    assert matrix_sentence(empty).startswith("No pair of corpora has a score")
