import json
from pathlib import Path

import numpy as np
import pytest

from bundle_samples import write_made_bundle
from emospec.errors import ConfigError, ScoreError
from emospec.explain import heat_of, random_masks, seconds_of
from emospec.images import to_image
from emospec.mel import MelConfig
from emospec.plots_heat import draw_explanation
from emospec.predict import Predictor
from predict_samples import RATE, voice, write_bundle_that_sees

PLACE = slice(50, 60), slice(30, 40)  # of the image; louder there is more angry


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    return Predictor(write_bundle_that_sees(tmp_path_factory.mktemp("bundle") / "made", PLACE), threads=1)


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)


def test_the_picture_is_what_the_network_sees(predictor: Predictor) -> None:
    np.testing.assert_array_equal(predictor.explain(noise(2.0), RATE).image, to_image(noise(2.0), predictor.bundle.mel))


def test_the_answer_is_that_of_predict(predictor: Predictor) -> None:
    explained, predicted = predictor.explain(noise(2.0), RATE).prediction, predictor.predict(noise(2.0), RATE)
    assert explained.emotion == predicted.emotion == "angry"
    assert explained.confidence == pytest.approx(predicted.confidence, abs=1e-6)


def test_the_place_that_decides_is_the_hottest(predictor: Predictor) -> None:
    heat = predictor.explain(noise(2.0), RATE).heat
    elsewhere = heat.copy()
    elsewhere[48:62, 28:42] = 0
    assert heat[PLACE].mean() > 0.6
    assert heat[PLACE].mean() > 5 * np.abs(elsewhere).mean()


def test_heat_is_scaled_and_cold_where_there_is_no_sound(predictor: Predictor) -> None:
    explanation = predictor.explain(noise(1.0), RATE)
    assert (explanation.heat.dtype, explanation.heat.shape) == (np.float32, (77, 77))
    assert np.abs(explanation.heat).max() == 1
    assert not explanation.heat[:, ~explanation.image.any(axis=0)].any()


def test_what_speaks_against_the_answer_is_below_zero() -> None:
    picture = np.full((30, 30), 100, np.uint8)

    def score(pictures: np.ndarray) -> np.ndarray:
        against = pictures[:, 5:10, 5:10].mean(axis=(1, 2)) / 100
        return np.stack([0.9 - 0.5 * against, 0.1 + 0.5 * against], axis=1)

    assert heat_of(picture, 0, score)[5:10, 5:10].mean() < -0.5


def test_an_explanation_is_the_same_each_time(predictor: Predictor) -> None:
    first, second = (predictor.explain(noise(2.0), RATE).heat for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_model_that_finds_no_numbers_for_a_picture_explains_nothing(tmp_path: Path) -> None:
    folder = write_bundle_that_sees(tmp_path / "made", PLACE, gain=np.nan)
    with pytest.raises(ScoreError, match="the waveform: the model made returns scores that are no finite numbers"):
        Predictor(folder, threads=1).explain(noise(1.0), RATE)


def test_a_silent_picture_has_no_heat() -> None:
    assert not heat_of(np.zeros((9, 9), np.uint8), 0, lambda pictures: np.ones((len(pictures), 2)) / 2).any()


def test_masks_silence_a_fifth_each_at_another_place() -> None:
    masks = random_masks(300, (77, 60), seed=1)
    assert masks.shape == (300, 77, 60)
    assert masks.mean() == pytest.approx(0.2, abs=0.02)
    assert masks.mean(axis=0).std() < 0.05


@pytest.mark.parametrize(
    ("seconds", "start"),
    [(1.0, (-(77 - 26) // 2 + 1 - 0.5) * 0.04), (3.04, -0.02), (10.0, ((251 - 77) // 2 - 0.5) * 0.04)],
)
def test_the_times_of_a_picture_are_those_of_its_frames(seconds: float, start: float) -> None:
    times = seconds_of(round(seconds * RATE), MelConfig())
    assert times == pytest.approx((start, start + 77 * 0.04))


def test_a_sound_lies_in_the_picture_where_the_times_say(predictor: Predictor) -> None:
    clip = noise(1.0) * 0.001
    clip[8000:8640] = 0.9  # at half a second
    explanation = predictor.explain(clip, RATE)
    column = explanation.image.astype(int).sum(axis=0).argmax()
    time = explanation.start + (column + 0.5) / 77 * (explanation.end - explanation.start)
    assert time == pytest.approx(0.52, abs=0.04)


def test_an_explanation_is_ready_for_json(predictor: Predictor) -> None:
    values = json.loads(json.dumps(predictor.explain(noise(2.0), RATE).to_dict()))
    assert set(values) == {
        "emotion", "confidence", "scores", "uncertain", "seconds", "heat", "image", "start", "end",
    }  # fmt: skip
    assert (len(values["heat"]), len(values["heat"][0])) == (77, 77)


def test_the_picture_of_an_explanation_is_orange_where_it_is_hot(predictor: Predictor) -> None:
    explanation = predictor.explain(noise(2.0), RATE)
    pixels = np.asarray(draw_explanation(explanation, "a\nclip.wav"), int)
    row, column = np.unravel_index(explanation.heat.argmax(), (77, 77))
    red, _, blue = pixels[84 + 9 * row + 4, 30 + 9 * column + 4]
    assert red - blue > 100


def test_a_bundle_without_a_picture_inside_says_so(tmp_path: Path) -> None:
    predictor = Predictor(write_made_bundle(tmp_path / "made"))
    with pytest.raises(ConfigError, match="has no picture inside it, which `explain` needs"):
        predictor.explain(voice(), RATE)
