from pathlib import Path

import pytest

from emospec.errors import ConfigError
from emospec.settings import TrainConfig, read_config, write_toml


def test_settings_survive_the_way_through_toml(tmp_path: Path) -> None:
    config = TrainConfig(model="adapted", filters=(1, 2, 3), class_weights={"sad": 2.0}, dropout=0.1)
    write_toml({"train": config.to_dict()}, tmp_path / "run.toml")
    assert read_config(tmp_path / "run.toml") == config


def test_an_unknown_key_is_told_with_those_that_exist(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[train]\nepoch = 3\n")
    with pytest.raises(ConfigError, match=r"unknown key 'epoch' in .*a\.toml; known: model, protocol"):
        read_config(tmp_path / "a.toml")


@pytest.mark.parametrize(
    ("text", "match"),
    [("", "has no \\[train\\] table"), ("[train", "cannot be read as TOML"), ("[train]\nepochs = 'x'", "wrong type")],
)
def test_a_file_that_is_no_config_is_one_clear_line(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(ConfigError, match=match):
        read_config(tmp_path / "a.toml")


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"dropout": 1.0},
        {"precision": "half"},
        {"filters": (0,)},
    ],
)
def test_a_value_out_of_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        TrainConfig(**wrong)  # type: ignore[arg-type]
