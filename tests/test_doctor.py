import os
from pathlib import Path

import pytest

from doctor_samples import CLIP, POINTER, change, finding_of, names_of, small_corpus
from emospec.doctor import examine
from emospec.errors import CorpusError


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return small_corpus(tmp_path / "corpus")


def test_a_part_of_a_corpus_needs_no_mending(corpus: Path) -> None:
    examination = examine("crema-d", corpus)
    assert not examination.must_mend
    assert names_of(examination, "look at") == set()
    assert names_of(examination, "for your information") == {"missing-clips", "facts-not-known"}


def test_a_part_is_counted_against_what_the_owners_publish(corpus: Path) -> None:
    finding = finding_of(corpus, "missing-clips")
    assert finding.says.startswith("a part of CREMA-D: 40 of 7,442 clips, 5 of 91 speakers; no clip of disgust")
    assert finding.count == 7402


def test_a_root_without_a_clip_of_the_corpus_tells_what_lies_there(corpus: Path) -> None:
    (corpus / "AudioWAV" / CLIP).write_bytes(POINTER)
    examination = examine("savee", corpus)
    assert names_of(examination, "must mend") == {"no-clips", "lfs-pointers"}
    assert examination.findings[0].says.startswith("40 names are those of crema-d; no SAVEE clips under")


def test_a_root_without_audio_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no CREMA-D clips"):
        examine("crema-d", tmp_path)


def test_the_gravest_findings_come_first(corpus: Path) -> None:
    (corpus / "AudioWAV" / CLIP).write_bytes(b"")
    change(corpus, lambda samples: samples + 0.1, "1001_DFA_SAD_LO.wav")
    severities = [finding.severity for finding in examine("crema-d", corpus).findings]
    assert severities[:2] == ["must mend", "look at"]
    assert severities == sorted(severities, key=["must mend", "look at", "for your information"].index)


def test_several_processes_find_the_same(corpus: Path) -> None:
    (corpus / "AudioWAV" / CLIP).write_bytes(POINTER)
    alone, together = (examine("crema-d", corpus, workers=workers) for workers in (1, 2))
    assert alone.findings == together.findings


@pytest.mark.parametrize("table", ["VideoDemographics.csv", "summaryTable.csv"])
def test_a_broken_table_must_be_mended_and_hides_no_other_finding(corpus: Path, table: str) -> None:
    (corpus / table).write_bytes(POINTER)
    (corpus / "AudioWAV" / CLIP).write_bytes(POINTER)
    examination = examine("crema-d", corpus)
    assert names_of(examination, "must mend") == {"broken-tables", "lfs-pointers"}
    assert len(examination.evidence.clips) == 40


def test_the_finding_of_a_broken_table_says_what_is_wrong_and_what_to_do(corpus: Path) -> None:
    (corpus / "summaryTable.csv").write_bytes(POINTER)
    finding = finding_of(corpus, "broken-tables")
    assert finding.says.startswith("1 table beside the clips cannot be read")
    assert finding.items[0].startswith(f"{corpus / 'summaryTable.csv'} is a Git-LFS pointer, not a table")
    assert "`git lfs pull`" in finding.what_to_do


def test_a_broken_table_of_another_corpus_does_not_hide_what_lies_there(corpus: Path) -> None:
    (corpus / "VideoDemographics.csv").write_bytes(POINTER)
    assert finding_of(corpus, "no-clips", corpus="savee").says.startswith("40 names are those of crema-d")


def test_an_empty_folder_in_place_of_a_clip_is_unreadable(corpus: Path) -> None:
    (corpus / "AudioWAV" / CLIP).unlink()
    (corpus / "AudioWAV" / CLIP).mkdir()
    assert finding_of(corpus, "unreadable").items == (f"{CLIP} is a folder, not a file",)


@pytest.mark.real_data
def test_real_crema_d_has_three_recordings_under_two_labels_and_nothing_else_to_mend() -> None:
    if "EMOSPEC_DATA" not in os.environ:
        pytest.skip("EMOSPEC_DATA is not set")
    examination = examine("crema-d", Path(os.environ["EMOSPEC_DATA"]) / "crema-d")
    assert names_of(examination, "must mend") == {"same-audio-other-label"}
    pairs = [("1006_TIE_HAP", "1006_TIE_NEU"), ("1013_WSI_DIS", "1013_WSI_SAD"), ("1017_IWW_ANG", "1017_IWW_FEA")]
    assert examination.findings[0].items == tuple(f"{one}_XX.flac = {other}_XX.flac" for one, other in pairs)
    assert names_of(examination, "look at") == set()
