import re
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
    [
        ("", "has no \\[train\\] table"),
        ("[train", "cannot be read as TOML"),
        ("[train]\nepochs = 'x'", "epochs is 'x'; expected a whole number"),
        ("train = 3", "has no \\[train\\] table"),
    ],
)
def test_a_file_that_is_no_config_is_one_clear_line(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(ConfigError, match=match):
        read_config(tmp_path / "a.toml")


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"seed": "x"}, "a whole number"),
        ({"seed": -1}, "0 or more"),
        ({"batch_size": 1.5}, "a whole number"),
        ({"epochs": True}, "a whole number"),
        ({"image_size": (64,)}, "a list of 2 whole numbers"),
        ({"filters": (4.5, 4, 4)}, "a list of whole numbers"),
        ({"augmentation": "flip"}, "a list of texts"),
        ({"class_weights": {"angry": "x"}}, "a text or a table of numbers by class name"),
        ({"tensorboard": "no"}, "true or false"),
        ({"precision": "half"}, "one of float32, bfloat16"),
        ({"learning_rate": "fast"}, "a number"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_the_right_one(wrong: dict[str, object], expected: str) -> None:
    name, value = next(iter(wrong.items()))
    with pytest.raises(ConfigError, match=f"{name} is {re.escape(repr(value))}; expected {expected}"):
        TrainConfig(**wrong)  # type: ignore[arg-type]


def test_a_whole_number_will_do_where_any_number_is_expected() -> None:
    assert TrainConfig(learning_rate=1).learning_rate == 1


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
