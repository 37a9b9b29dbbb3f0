"""Model cards: what a model is for, what it is not for, and how far it can be believed, in Markdown."""

from collections.abc import Mapping
from typing import Any

from emospec.markdown import code, plain

INTENDED = """\
Research on, and teaching of, emotion in acted or willingly given speech; games and art whose players know of it; a
first sorting of recordings that people then listen to. It answers for short clips of one voice."""

UNFIT = """\
No decision on a person may rest on it: not hiring or grading, not policing or border control, not credit or insurance,
not medical diagnosis. The European Union's AI Act (Article 5) forbids systems that infer emotions at work and in
education, other than for medical or safety reasons. It must not be used on people who don't know of it. It hears how a
voice sounds; what a person feels it cannot know."""

FACTORS = """\
Known to matter: speaker, sex, age, language and accent, acted against felt emotion, microphone and distance, noise,
telephone band, level. `emospec audit` measures them on recordings of your own."""

ETHICS = """\
A voice is personal data. The training speakers agreed to the use that their corpus' licence states. Errors are not
spread evenly: some emotions, and some groups of speakers, are recognised less often than others."""

CAVEATS = """\
Scores hold for recordings like those of the evaluation, and fall on others: other languages, spontaneous speech, other
rooms. Measure on recordings of your own before you rely on it (`emospec evaluate`)."""


def model_card(facts: Mapping[str, Any]) -> str:
    """Return a model card with the nine sections of Mitchell et al.

    Parameters
    ----------
    facts : mapping
        The content of `bundle.json`. `sections`, if given, holds Markdown by title: it replaces the sections of those
        titles, and adds others at the end.

    References
    ----------
    Mitchell, M. et al. Model cards for model reporting. FAT* 2019.
    """
    sections = {
        "Model details": details(facts),
        "Intended use": INTENDED,
        "Unfit use": UNFIT,
        "Factors": FACTORS,
        "Metrics": metrics(facts),
        "Evaluation data": evaluation_data(facts),
        "Training data": training_data(facts),
        "Quantitative analyses": scores_table(facts),
        "Ethical considerations": ETHICS,
        "Caveats and recommendations": CAVEATS,
        **facts.get("sections", {}),
    }
    return (
        "\n\n".join(
            [f"# {plain(facts['name'])}", *(f"## {title}\n\n{text.strip()}" for title, text in sections.items())]
        )
        + "\n"
    )


def details(facts: Mapping[str, Any]) -> str:
    """Say what the model takes and returns, and what it was made with."""
    network, made_with = facts["network"], facts["made_with"]
    return "\n".join(
        [
            f"- Network: `{network['name']}`, {network['n_parameters']:,} parameters.",
            f"- Input: one voice, mono, {facts['sample_rate']} Hz. Of a clip longer than {seconds(facts):.2g} s it "
            "hears the middle.",
            f"- Output: probabilities of {plain(', '.join(facts['classes']))}; an embedding.",
            f"- Licence: {plain(facts['licence'] or 'not stated')}.",
            f"- Made with emospec {made_with['emospec']} and Keras {made_with['keras']}.",
        ]
    )


def seconds(facts: Mapping[str, Any]) -> float:
    """Return how much of a clip fits into the image."""
    mel = facts["mel"]
    return float(mel["width"] * mel["hop_length"] / mel["sample_rate"])


def metrics(facts: Mapping[str, Any]) -> str:
    """Say which numbers follow, and how sure the model is to be."""
    text = "Accuracy, unweighted average recall (UAR), macro F1 and calibration error (ECE); intervals are of 95 %."
    calibration = facts["calibration"]
    if calibration is None:
        return f"{text} The probabilities are not calibrated."
    return (
        f"{text}\n\nThe probabilities are calibrated (temperature {calibration['temperature']:.3g}, fitted on "
        f"{calibration['n_clips']} clips of speakers whom the model had not heard). {uncertain(calibration)}"
    )


def uncertain(calibration: Mapping[str, Any]) -> str:
    """Say when the model is unsure."""
    threshold, wanted = calibration["threshold"], f"{calibration['stated_accuracy']:.0%}"
    if threshold is None:
        return f"No threshold was found above which {wanted} of the answers were right: every answer is `uncertain`."
    return f"Below a probability of {threshold:.3g} the answer is `uncertain`; of the others, {wanted} were right."


def evaluation_data(facts: Mapping[str, Any]) -> str:
    """Say on what the model was judged."""
    scores = facts["scores"]
    if "protocol" not in scores:
        return "Not stated."
    speakers = f"{scores['n_speakers']} speakers" if scores.get("n_speakers") else "unknown speakers"
    return f"Protocol `{scores['protocol']}`: {scores['n_clips']} clips of {speakers}{heard_of(scores)}."


def heard_of(scores: Mapping[str, Any]) -> str:
    """Say how many of the test speakers were heard in training, or that nobody knows; nothing where it isn't stated."""
    if "speakers_seen_in_training" not in scores:
        return ""
    seen = scores["speakers_seen_in_training"]
    if seen is None:
        return "; nobody can tell which of them were heard in training"
    return f"; {seen or 'none'} of the speakers were heard in training"


def training_data(facts: Mapping[str, Any]) -> str:
    """Say whom the model has heard."""
    training = facts["training"]
    everything = training.get("settings", {}).get("protocol") == "all"
    purpose = "for training" if everything else "for training and the choice of the best epoch"
    lines = [f"- {code(name)}: {clips_heard(corpus)}, {purpose}." for name, corpus in training["corpora"].items()]
    return "\n".join([*lines, "", "The speakers stand in `bundle.json`."])


def clips_heard(corpus: Mapping[str, Any]) -> str:
    """Return the number of clips of a corpus, of how many speakers, and how many don't say who speaks."""
    n_without, speakers = corpus.get("n_clips_without_speaker", 0), len(corpus["speakers"])
    known = f"{corpus['n_clips']} clips of {speakers or 'unknown'} speakers"
    return f"{known}; {n_without} of the clips don't say who speaks" if speakers and n_without else known


def scores_table(facts: Mapping[str, Any]) -> str:
    """Return the scores with their intervals."""
    rows = [f"| {name} | {shown(score)} |" for name, score in facts["scores"].items() if is_score(score)]
    return "\n".join(["| score | value |", "| --- | --- |", *rows]) if rows else "None stated."


def is_score(value: Any) -> bool:
    """Return whether a value of `scores` is one: a number of a fraction, or a value with its interval."""
    return isinstance(value, float) or (isinstance(value, Mapping) and "value" in value)


def shown(score: Any) -> str:
    """Return a score as text, such as `0.652 (0.631 to 0.672)`."""
    if not isinstance(score, Mapping):
        return f"{score:.3f}"
    low, high = score.get("low"), score.get("high")
    return f"{score['value']:.3f}" + ("" if low is None or high is None else f" ({low:.3f} to {high:.3f})")
