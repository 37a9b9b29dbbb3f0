import pytest

from emospec.bundle import load_bundle
from emospec.cli import main
from emospec.cli_checks import model_to_judge
from emospec.cli_options import NAMES, LeakGapOptions, config_from
from emospec.settings import TrainConfig, write_toml


def test_a_leak_gap_takes_no_protocol(capsys, tmp_path):
    with pytest.raises(SystemExit) as left:
        main(["leak-gap", "images", "--out", str(tmp_path / "gap"), "--protocol", "loso"])
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("emospec: leak-gap compares kfold-random with kfold-speakers and takes no --protocol loso")
    assert said.count("\n") == 1


def test_the_help_of_a_leak_gap_has_all_options_of_a_training_but_the_protocol(capsys):
    with pytest.raises(SystemExit):
        main(["leak-gap", "--help"])
    text = capsys.readouterr().out
    options = {name: NAMES.get(name, f"--{name.replace('_', '-')}") for name in TrainConfig.__dataclass_fields__}
    shown = [name for name, option in options.items() if option in text]
    assert shown == [name for name in TrainConfig.__dataclass_fields__ if name != "protocol"]


def test_a_config_of_another_protocol_will_do_for_a_leak_gap(tmp_path):
    write_toml({"train": TrainConfig(protocol="loso", epochs=7).to_dict()}, tmp_path / "a.toml")
    assert config_from(tmp_path / "a.toml", LeakGapOptions(seed=3)).epochs == 7


def test_the_model_that_ships_is_judged_by_its_short_name():
    assert model_to_judge("shipped").fingerprint == load_bundle().fingerprint
