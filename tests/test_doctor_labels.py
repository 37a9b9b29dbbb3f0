import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from doctor_samples import CLIP, POINTER, RATE, change, finding_of, names_of, small_corpus, write_csv
from emospec.corpora import CORPORA
from emospec.doctor import examine


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return small_corpus(tmp_path / "corpus")


def test_more_clips_than_published_are_looked_at(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CORPORA, "crema-d", dataclasses.replace(CORPORA["crema-d"], n_clips=39, n_speakers=4))
    finding = finding_of(corpus, "surplus")
    assert finding.says == "40 clips, where the owners publish 39; 5 speakers, where the owners publish 4"
    assert finding.severity == "look at"


def test_a_planted_duplicate_under_another_label_must_be_mended(corpus: Path) -> None:
    shutil.copy(corpus / "AudioWAV" / CLIP, corpus / "AudioWAV" / "1001_DFA_SAD_HI.wav")
    finding = finding_of(corpus, "same-audio-other-label")
    assert (finding.severity, finding.items) == ("must mend", (f"{CLIP} = 1001_DFA_SAD_HI.wav",))


def test_a_duplicate_under_another_label_is_found_in_another_container(corpus: Path) -> None:
    samples, _ = soundfile.read(corpus / "AudioWAV" / CLIP)
    (corpus / "AudioWAV" / "1001_DFA_SAD_HI.wav").unlink()
    soundfile.write(corpus / "AudioWAV" / "1001_DFA_SAD_HI.flac", samples, RATE)
    assert finding_of(corpus, "same-audio-other-label").items == (f"{CLIP} = 1001_DFA_SAD_HI.flac",)


def test_equal_pointers_under_two_labels_are_equal_recordings(corpus: Path) -> None:
    for clip in (CLIP, "1001_DFA_SAD_HI.wav"):
        (corpus / "AudioWAV" / clip).write_bytes(POINTER)
    assert finding_of(corpus, "same-audio-other-label").items == (f"{CLIP} = 1001_DFA_SAD_HI.wav",)


def test_a_duplicate_under_another_speaker_must_be_mended(corpus: Path) -> None:
    shutil.copy(corpus / "AudioWAV" / CLIP, corpus / "AudioWAV" / "1002_DFA_ANG_LO.wav")
    finding = finding_of(corpus, "same-audio-other-speaker")
    assert (finding.severity, finding.items) == ("must mend", (f"{CLIP} = 1002_DFA_ANG_LO.wav",))


def test_a_duplicate_with_the_same_label_and_speaker_is_looked_at(corpus: Path) -> None:
    shutil.copy(corpus / "AudioWAV" / CLIP, corpus / "AudioWAV" / "1001_DFA_ANG_HI.wav")
    assert finding_of(corpus, "same-audio-twice").severity == "look at"


def test_two_silent_clips_are_no_duplicates(corpus: Path) -> None:
    for clip in (CLIP, "1001_DFA_SAD_LO.wav"):
        change(corpus, np.zeros_like, clip)
    examination = examine("crema-d", corpus)
    assert names_of(examination, "look at") == {"silent"}
    assert not examination.must_mend


def test_a_second_copy_with_the_same_samples_is_information(corpus: Path) -> None:
    shutil.copytree(corpus / "AudioWAV", corpus / "again" / "AudioWAV")
    finding = finding_of(corpus, "second-copies")
    assert (finding.severity, finding.count) == ("for your information", 40)


def test_a_second_copy_in_another_container_has_the_same_samples(corpus: Path) -> None:
    path = corpus / "AudioWAV" / CLIP
    soundfile.write(path.with_suffix(".flac"), *soundfile.read(path, dtype="int16"))
    assert finding_of(corpus, "second-copies").severity == "for your information"


def test_a_second_copy_with_other_samples_is_looked_at(corpus: Path) -> None:
    (corpus / "taken again").mkdir()
    shutil.copy(corpus / "AudioWAV" / "1001_DFA_SAD_LO.wav", corpus / "taken again" / CLIP)
    change(corpus, lambda samples: samples / 2, f"../taken again/{CLIP}")
    finding = finding_of(corpus, "second-copies")
    assert (finding.severity, finding.items) == ("look at", (f"taken again/{CLIP}",))


def test_names_of_no_corpus_are_looked_at_with_what_they_hold(corpus: Path) -> None:
    shutil.copy(corpus / "AudioWAV" / CLIP, corpus / "AudioWAV" / "again.wav")
    (corpus / "AudioWAV" / "b.wav").write_bytes(b"")
    finding = finding_of(corpus, "unparsed-names")
    assert (finding.severity, finding.items) == ("look at", (f"again.wav = {CLIP}", "b.wav is empty"))


def test_speakers_without_some_class_are_looked_at(corpus: Path) -> None:
    for take in ("LO", "HI"):
        (corpus / "AudioWAV" / f"1003_DFA_FEA_{take}.wav").unlink()
    finding = finding_of(corpus, "lacking-classes")
    assert (finding.severity, finding.items) == ("look at", ("1003: no fear",))


def test_unknown_speakers_are_looked_at(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "own", [{"emotion": emotion} for emotion in ("angry", "sad")])
    assert finding_of(table, "unknown-speakers", corpus="csv").items == ("0.wav", "1.wav")


def test_two_speakers_are_too_few(tmp_path: Path) -> None:
    rows = [{"emotion": emotion, "speaker": speaker} for emotion in ("angry", "sad") for speaker in "ab"]
    finding = finding_of(write_csv(tmp_path / "own", rows), "few-speakers", corpus="csv")
    assert finding.says == "2 speakers: training, validation and test part need one each"


def test_a_class_three_times_as_large_as_another_is_looked_at(tmp_path: Path) -> None:
    rows = [{"emotion": "angry" if number % 4 else "sad"} for number in range(12)]
    finding = finding_of(write_csv(tmp_path / "own", rows), "imbalance", corpus="csv")
    assert finding.items == ("angry: 9 clips", "sad: 3 clips")


def test_a_speaker_with_most_of_the_clips_is_looked_at(tmp_path: Path) -> None:
    rows = [{"emotion": emotion, "speaker": speaker} for emotion in ("angry", "sad") for speaker in "abcaaa"]
    finding = finding_of(write_csv(tmp_path / "own", rows), "dominant-speaker", corpus="csv")
    assert finding.says == "one of 3 speakers has 67 % of the clips: a"


def test_one_speaker_in_two_spellings_is_looked_at(tmp_path: Path) -> None:
    speakers = ("Ann", "ann", "s_01", "S-1", "s10")
    rows = [{"emotion": emotion, "speaker": speaker} for emotion in ("angry", "sad") for speaker in speakers]
    finding = finding_of(write_csv(tmp_path / "own", rows), "speakers-alike", corpus="csv")
    assert finding.items == ("Ann = ann", "S-1 = s_01")


def test_a_speaker_of_two_sexes_is_looked_at(tmp_path: Path) -> None:
    rows = [{"emotion": "angry", "speaker": "a", "sex": "f"}, {"emotion": "sad", "speaker": "a", "sex": "m"}]
    assert finding_of(write_csv(tmp_path / "own", rows), "two-sexes", corpus="csv").items == ("a",)


def test_missing_demographics_are_information_that_names_the_file(corpus: Path) -> None:
    (corpus / "VideoDemographics.csv").unlink()
    finding = finding_of(corpus, "facts-not-known")
    assert finding.says.startswith("not known: the sex of 40 clips, the age of 40 clips")
    assert "VideoDemographics.csv" in finding.what_to_do
