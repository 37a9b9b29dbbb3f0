import io
import re

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image

from emospec.plots import figure_to_png, plot_confusion
from emospec.report import write_report
from report_samples import (
    CLASSES,
    HOSTILE,
    MATRIX,
    PICTURE,
    Tags,
    banners_of,
    embedded,
    make_mistake,
    make_report,
    text_of,
    with_numbers,
    without_intervals,
)


@pytest.fixture
def render(tmp_path):
    """Write a report and return its characters."""

    def render(report=None, **parts):
        given = {"settings": {}, "history": None, "mistakes": []} | parts
        write_report(tmp_path / "report.html", report=report or make_report(), **given)
        return (tmp_path / "report.html").read_text(encoding="utf-8")

    return render


@pytest.fixture
def history():
    return pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "loss": [1.5, 1.0, 0.5],
            "accuracy": [0.3, 0.62, 0.9],
            "val_loss": [1.4, 1.25, 1.3],
            "val_accuracy": [0.3, 0.57, 0.5],
        }
    )


@pytest.fixture
def recording(tmp_path):
    """Eight seconds of a 440 Hz tone at 44.1 kHz."""
    path = tmp_path / "tone.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 440 * np.arange(8 * 44100) / 44100), 44100)
    return str(path)


def test_the_headline_says_in_words_how_good_the_model_is_for_strangers(render):
    start = "On 5 voices that the model never heard, it named the emotion of 85.0 % of 40 clips "
    assert start + "(95 % interval 78 to 90); guessing would give 33.3 %." in text_of(render())


def test_the_headline_says_how_many_voices_were_heard_in_training(render):
    some, every = (text_of(render(make_report(speakers_seen_in_training=n))) for n in (4, 5))
    assert "On 5 voices, 4 of which it had heard in training, the model" in some
    assert "On 5 voices, all of which it had heard" in every


def test_the_red_warning_stands_where_speakers_were_seen_in_training(render):
    page = render(make_report(protocol="notebook", n_speakers=90, speakers_seen_in_training=88))
    assert banners_of(page) == ["banner warning"]
    assert "88 of 90 test speakers were also in training; this score says little about strangers." in text_of(page)


def test_no_warning_stands_where_no_speaker_was_seen(render):
    assert banners_of(render()) == []
    assert "strangers" not in text_of(render())


def test_unknown_speakers_are_a_note_and_not_the_red_warning(render):
    page = render(without_intervals(n_speakers=None, speakers_seen_in_training=None))
    assert banners_of(page) == ["banner notice"]
    assert "On unknown voices, the model named the emotion of 85.0 % of 40 clips; guessing" in text_of(page)


def test_a_notice_such_as_of_synthetic_speech_is_shown(render):
    page = render(make_report(notice="These voices are synthetic."))
    assert banners_of(page) == ["banner notice"]
    assert "These voices are synthetic." in text_of(page)


@pytest.mark.parametrize(
    ("n_speakers", "reason"),
    [(None, "these clips do not say who speaks"), (2, "2 speakers cannot give them"), (5, "some clips do not say")],
)
def test_a_score_without_an_interval_says_why(render, n_speakers, reason):
    text = text_of(render(without_intervals(n_speakers=n_speakers)))
    assert "No intervals: they are taken over speakers, and " + reason in text
    assert "% interval" not in text


def test_key_figures_stand_with_their_intervals(render):
    text = text_of(render(make_report(test_loss=0.4567)))
    for words in ("85.0 %interval 78.1 to 90.0", "80.0 %interval 72.0 to 87.1", "80.1 %interval 75.0 to 86.0"):
        assert words in text
    assert "8.1 points" in text
    assert "0.457" in text


def test_the_table_of_emotions_holds_precision_recall_f1_and_clips(render):
    text = text_of(render())
    assert "angry75.0 %60.0 %66.7 %10" in text
    assert "mean81.0 %80.0 %80.1 %40" in text


def test_the_confusion_matrix_holds_counts_and_rates(render):
    assert "angry6 60 %3 30 %1 10 %fear2 20 %8 80 %0 0 %sad0 0 %0 0 %20 100 %" in text_of(render())


def test_the_most_frequent_confusion_is_named(render):
    assert "angry taken for fear, 3 of 10 clips (30 %)" in text_of(render())


def test_a_model_without_mistakes_is_said_to_have_none(render):
    page = text_of(render(make_report(confusion_matrix=[[10, 0, 0], [0, 10, 0], [0, 0, 20]])))
    assert "No clip was taken for another emotion." in page
    assert "None to show." in page


def test_the_curves_stand_with_the_best_epoch_in_words(render, history):
    page = render(history=history)
    assert "Epoch 2 of 3 had the lowest validation loss, 1.250." in text_of(page)
    assert "62 % of the training clips rightly and 57 % of the validation clips" in text_of(page)
    assert [svg["aria-label"] for svg in Tags(page).named("svg")] == ["loss over epochs", "accuracy over epochs"]


@pytest.mark.parametrize("empty", [None, pd.DataFrame({"loss": []})])
def test_without_a_history_there_is_no_part_on_training(render, empty):
    assert not Tags(render(history=empty)).named("svg")


def test_the_ids_of_a_page_are_unique(render, history):
    figure = plot_confusion(np.array(MATRIX), CLASSES)
    page = render(with_numbers(), history=history, figures={"A": figure, "B": figure})
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) > 20
    assert len(ids) == len(set(ids))


def test_what_an_svg_refers_to_is_in_the_page(render, history):
    page = render(history=history)
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    assert set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', page))
    assert {a or b for a, b in re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', page)} <= ids


def test_a_mistake_shows_its_picture_pixel_by_pixel(render):
    (image,) = Tags(render(mistakes=[make_mistake()])).named("img")
    assert image["alt"] == "Spectrogram of 1001_DFA_ANG_XX"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(embedded(image["src"])))), PICTURE[..., 0])


def test_a_mistake_says_truth_answer_scores_speaker_and_text(render):
    text = text_of(render(mistakes=[make_mistake()]))
    for words in ("angry taken for fear", "angry truth7 %", "fear answer90 %", "sad3 %", "Speaker1001", "Don't forget"):
        assert words in text


def test_a_mistake_without_speaker_and_text_does_not_name_them(render):
    text = text_of(render(mistakes=[make_mistake(speaker=None, text=None)]))
    assert "Speaker1001" not in text
    assert "None" not in text


def test_a_mistake_can_be_heard_for_six_seconds_at_16_khz(render, recording):
    (audio,) = Tags(render(mistakes=[make_mistake(path=recording)])).named("audio")
    waveform, sample_rate = soundfile.read(io.BytesIO(embedded(audio["src"])))
    assert "controls" in audio
    assert (sample_rate, waveform.ndim) == (16000, 1)
    assert len(waveform) / sample_rate == pytest.approx(6, abs=0.15)
    spectrum = np.abs(np.fft.rfft(waveform[16000:32000]))
    assert spectrum.argmax() == 440


def test_a_mistake_without_a_recording_has_no_audio_tag(render):
    page = render(mistakes=[make_mistake(path=None)])
    assert not Tags(page).named("audio")
    assert "Without its sound" not in page


def test_a_mistake_whose_recording_is_gone_says_so_and_keeps_its_picture(render, tmp_path):
    page = render(mistakes=[make_mistake(path=str(tmp_path / "gone.wav"))])
    assert not Tags(page).named("audio")
    assert len(Tags(page).named("img")) == 1
    assert "Without its sound: " in text_of(page)
    assert "gone.wav" in text_of(page)


def test_a_colour_picture_keeps_its_colours(render):
    picture = np.random.default_rng(1).integers(0, 256, (4, 6, 3)).astype(np.uint8)
    (image,) = Tags(render(mistakes=[make_mistake(image=picture)])).named("img")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(embedded(image["src"])))), picture)


def test_settings_and_versions_are_listed_by_table(render):
    settings = {
        "images": "/data/my images",
        "classes": CLASSES,
        "train": {"model": "dscnn", "tensorboard": False, "class_weights": {"angry": 1.0, "fear": 2.0}},
        "made_with": {"keras": "3.15.0"},
    }
    text = text_of(render(settings=settings))
    assert "dscnn, protocol speakers" in text
    for words in ("classesangry, fear, sad", "tensorboardfalse", "angry = 1.0, fear = 2.0", "keras3.15.0"):
        assert words in text


def test_the_command_that_repeats_a_run_quotes_its_folder(render):
    assert "emospec train '/data/my images' --config run.toml" in text_of(
        render(settings={"images": "/data/my images"})
    )


def test_the_diagram_and_more_pictures_are_shown(render):
    figure = plot_confusion(np.array(MATRIX), CLASSES)
    png = figure_to_png(figure)
    page = Tags(render(figures={"In counts": figure}, diagram_png=png))
    assert embedded(page.named("img")[0]["src"]) == png
    assert page.named("svg")[0]["aria-label"] == "In counts"


def test_a_page_loads_nothing_and_runs_nothing(render, history, recording):
    figure = plot_confusion(np.array(MATRIX), CLASSES)
    mistakes = [make_mistake(path=recording)]
    page = Tags(render(history=history, mistakes=mistakes, figures={"F": figure}, diagram_png=b"\x89PNG"))
    addresses = [
        tag[key] for _, tag in page.tags for key in ("src", "href", "xlink:href", "data", "action") if key in tag
    ]
    assert len(addresses) > 10
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert not any(page.named(tag) for tag in ("script", "link", "iframe", "object"))
    assert page.named("meta")[1]["content"].startswith("default-src 'none'")


def test_the_style_sheet_imports_nothing(render):
    style = re.search(r"<style>(.*?)</style>", render(), re.DOTALL).group(1)
    assert "url(" not in style
    assert "@import" not in style


def test_hostile_names_stay_text(render):
    names = [HOSTILE, "fear", "sad"]
    report = make_report(classes=names, protocol=HOSTILE, notice=HOSTILE, speakers_seen_in_training=1)
    report["per_class"] = {HOSTILE: report["per_class"]["angry"]} | report["per_class"]
    hostile = dict.fromkeys(("clip", "truth", "speaker", "text", "path"), HOSTILE)
    mistake = make_mistake(scores={HOSTILE: 1.0}, **hostile)
    figures = {HOSTILE: plot_confusion(np.array(MATRIX), ["<script>", "$x_{$", "sad"])}
    settings = {HOSTILE: HOSTILE, "train": {"model": HOSTILE}, "images": HOSTILE}
    page = Tags(render(report, settings=settings, mistakes=[mistake], figures=figures))
    assert not page.named("script")
    assert len(page.named("img")) == 1
    assert not any(key.startswith("on") for _, tag in page.tags for key in tag)
    assert HOSTILE in "".join(page.words)


def test_a_page_is_accessible_by_headings_captions_and_alternative_texts(render, history, recording):
    page = Tags(render(history=history, mistakes=[make_mistake(path=recording)], diagram_png=b"\x89PNG"))
    assert page.named("html") == [{"lang": "en"}]
    assert len(page.named("h1")) == 1
    assert len(page.named("caption")) == len(page.named("table")) > 0
    assert all(image["alt"] for image in page.named("img"))
    assert all(tag["aria-label"] for name in ("svg", "audio", "nav") for tag in page.named(name))
    assert all(cell["scope"] for cell in page.named("th"))


def test_the_same_run_gives_the_same_page(render, history, recording):
    parts = {"history": history, "mistakes": [make_mistake(path=recording)]}
    assert render(**parts) == render(**parts)


def test_twelve_mistakes_of_six_seconds_stay_under_two_megabytes(render, history, tmp_path):
    rng = np.random.default_rng(1)
    noise = tmp_path / "noise.wav"
    soundfile.write(noise, 0.2 * rng.standard_normal(6 * 16000), 16000)
    image = rng.integers(0, 256, (77, 77, 3)).astype(np.uint8)
    mistakes = [make_mistake(path=str(noise), image=image)] * 12
    assert len(render(history=history, mistakes=mistakes)) < 2_000_000


def test_a_report_that_fails_leaves_the_old_one_alone(render, tmp_path):
    before = render()
    with pytest.raises(KeyError):
        render({"classes": CLASSES, "protocol": "speakers"})
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
