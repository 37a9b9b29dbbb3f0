from pathlib import Path

import numpy as np
import pytest
import soundfile

from doctor_samples import CLIP, POINTER, RATE, change, finding_of, names_of, small_corpus
from emospec.doctor import examine
from emospec.doctor_audio import usual_seconds
from samples import write_crema_d


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return small_corpus(tmp_path / "corpus")


def test_a_planted_pointer_must_be_mended(corpus: Path) -> None:
    (corpus / "AudioWAV" / CLIP).write_bytes(POINTER)
    finding = finding_of(corpus, "lfs-pointers")
    assert (finding.severity, finding.items) == ("must mend", (CLIP,))
    assert "git lfs pull" in finding.what_to_do


@pytest.mark.parametrize("content", [b"", b"<html></html>", b"RIFF" * 9])
def test_a_file_without_sound_must_be_mended(corpus: Path, content: bytes) -> None:
    (corpus / "AudioWAV" / CLIP).write_bytes(content)
    finding = finding_of(corpus, "unreadable")
    assert finding.severity == "must mend"
    assert finding.items[0].startswith(CLIP)


def test_a_truncated_file_must_be_mended(corpus: Path) -> None:
    path = corpus / "AudioWAV" / CLIP
    path.write_bytes(path.read_bytes()[:8044])
    finding = finding_of(corpus, "truncated")
    assert (finding.severity, finding.items) == ("must mend", (f"{CLIP} lacks 50 % of its sound",))


def test_a_clip_in_which_nobody_speaks_is_looked_at(corpus: Path) -> None:
    change(corpus, lambda samples: samples / 1200)
    assert finding_of(corpus, "faint").items == (f"{CLIP}: -75 dB",)


def test_a_clipped_clip_is_looked_at(corpus: Path) -> None:
    change(corpus, lambda samples: np.clip(50 * samples, -1, 1))
    finding = finding_of(corpus, "clipped")
    assert finding.severity == "look at"
    assert finding.items[0].startswith(f"{CLIP}: 9")


def test_a_trace_of_clipping_is_information(corpus: Path) -> None:
    change(corpus, lambda samples: np.concatenate([samples, np.ones(3)]))
    assert finding_of(corpus, "clipped").severity == "for your information"


def test_an_offset_is_looked_at(corpus: Path) -> None:
    change(corpus, lambda samples: samples + 0.1)
    assert finding_of(corpus, "dc-offset").items == (f"{CLIP}: +10.0 %",)


def test_odd_lengths_are_looked_at_the_shortest_first(corpus: Path) -> None:
    change(corpus, lambda samples: np.tile(samples, 8))
    change(corpus, lambda samples: samples[:200], "1001_DFA_SAD_LO.wav")
    finding = finding_of(corpus, "odd-lengths")
    assert (finding.severity, finding.items) == ("look at", ("1001_DFA_SAD_LO.wav: 0.0125 s", f"{CLIP}: 4 s"))


def test_usual_lengths_reach_three_interquartile_ranges_of_the_logarithm_beyond_the_quartiles() -> None:
    seconds = np.exp(np.linspace(0, 1, 101))
    assert usual_seconds(seconds) == pytest.approx((np.exp(0.25 - 1.5), np.exp(0.75 + 1.5)))


def test_aiff_named_wav_is_looked_at(corpus: Path) -> None:
    path = corpus / "AudioWAV" / CLIP
    soundfile.write(path.with_suffix(".aiff"), soundfile.read(path)[0], RATE)
    path.with_suffix(".aiff").replace(path)
    examination = examine("crema-d", corpus)
    assert names_of(examination, "look at") == {"misnamed-format"}
    assert examination.findings[0].items == (f"{CLIP}: AIFF",)


def test_one_clip_of_another_rate_is_looked_at(corpus: Path) -> None:
    change(corpus, lambda samples: np.repeat(samples, 6), rate=6 * RATE)
    finding = finding_of(corpus, "odd-sample-rates")
    assert (finding.severity, finding.items) == ("look at", (f"{CLIP}: 96,000 Hz",))


def test_all_clips_at_another_rate_than_the_owners_are_information(corpus: Path) -> None:
    for path in (corpus / "AudioWAV").iterdir():
        change(corpus, np.asarray, path.name, rate=8000)
    finding = finding_of(corpus, "not-the-owners-rate")
    assert (finding.severity, finding.count) == ("for your information", 40)


def test_one_stereo_clip_is_looked_at(corpus: Path) -> None:
    change(corpus, lambda samples: np.stack([samples, samples], axis=1))
    assert finding_of(corpus, "odd-channels").items == (f"{CLIP}: stereo",)


def test_one_clip_of_another_encoding_is_looked_at(corpus: Path) -> None:
    path = corpus / "AudioWAV" / CLIP
    soundfile.write(path, soundfile.read(path)[0], RATE, subtype="ULAW")
    assert finding_of(corpus, "odd-formats").items == (f"{CLIP}: WAV ULAW",)


def test_a_class_told_by_its_sample_rate_is_looked_at(tmp_path: Path) -> None:
    write_crema_d(tmp_path / "corpus", n_speakers=10)
    for path in (tmp_path / "corpus" / "AudioWAV").glob("*_ANG_*.wav"):
        change(tmp_path / "corpus", np.asarray, path.name, rate=8000)
    finding = finding_of(tmp_path / "corpus", "class-by-sample-rate")
    assert finding.items == ("angry: 100 % are 8000, 0 % of the others",)
