from pathlib import Path

import pytest

from emospec.audit_limits import ROBUSTNESS, Limits, limits_from, read_limits
from emospec.audit_scores import CONSISTENCY
from emospec.errors import ConfigError
from emospec.perturbations import PERTURBATIONS


def test_a_file_changes_what_it_sets_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    path.write_text(
        '[correctness]\nuar = 0.6\n[fairness]\ncolumns = ["sex", "intensity"]\n'
        "[robustness.telephone]\nunchanged = 0.7\nstrength = 3000\n"
    )
    limits = read_limits(path)
    assert limits.correctness.uar == 0.6
    assert limits.correctness.recall == 0.5
    assert limits.fairness.columns == ("sex", "intensity")
    assert limits.robustness["telephone"].uar_drop == 0.05
    assert limits.robustness["telephone"].unchanged == 0.7
    assert limits.strengths() == {"telephone": 3000}


def test_limits_come_back_from_their_table() -> None:
    assert limits_from(Limits().to_dict()) == Limits()


def test_every_perturbation_and_every_consistency_check_has_limits() -> None:
    assert list(ROBUSTNESS) == list(PERTURBATIONS)
    assert set(CONSISTENCY) | {"halves"} == set(Limits().to_dict()["consistency"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[correct]\nuar = 0.5\n", "unknown key 'correct' in .*known: correctness, fairness"),
        ("[fairness]\nur = 0.5\n", r"unknown key 'ur' in .*limits.toml \[fairness\]; known: columns, age_bands"),
        ("[robustness.rain]\nunchanged = 0.5\n", "unknown key 'rain' in .*known: telephone, babble"),
        ("[robustness.music]\nkept = 0.5\n", r"unknown key 'kept' in .*\[robustness.music\]"),
        ("correctness = 0.5\n", "expected a table"),
        ("[robustness]\nmusic = 0.5\n", "expected a table"),
        ('[calibration]\nece = "low"\n', "ece is 'low'; expected a number"),
        ("[calibration]\nece = 5\n", "expected a share from 0 to 1"),
        ("[fairness]\nage_bands = [45, 30]\n", "ascending"),
        ("[fairness]\nage_bands = []\n", "ascending"),
        ("[fairness]\nmin_speakers = 1\n", "2 or more"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "limits.toml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_limits(tmp_path / "limits.toml")
