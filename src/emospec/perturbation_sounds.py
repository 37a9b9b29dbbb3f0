"""Sounds that disturb speech, made from seeds: a room's echo, music, and the voices of others."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emospec.audio import Waveform
from emospec.errors import EmospecError

Samples = NDArray[np.float64]

SPEED_OF_SOUND = 343.0  # m/s
DECAY_60_DB = np.log(1e6)  # of energy
DISTANCE = 1.0  # m, from mouth to microphone
EARLY_SECONDS = 0.02  # after it reflections are too many to be told apart
SMALLEST_ROOM, LARGEST_ROOM = (5.0, 4.0, 2.5), (7.0, 6.0, 3.2)  # m

VOICES = (4, 7)  # fewest and most that talk at once


def room_response(seconds: float, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Return the impulse response of a made-up office whose echo falls by 60 dB in `seconds`.

    The reflections of the first 20 ms are those of a box (image sources); what follows is noise with the energy that
    a diffuse field has in a room of that size, so that near and late sound stand in the right proportion.

    Returns
    -------
    float64, shape (n_samples,)
        The direct sound comes first, with amplitude 1.

    References
    ----------
    Allen, J. B., et al. Image method for efficiently simulating small-room acoustics. JASA 65, 943 (1979).
    """
    size = rng.uniform(SMALLEST_ROOM, LARGEST_ROOM)
    time = np.arange(max(1, round(seconds * sample_rate))) / sample_rate
    per_sample = 4 * np.pi * SPEED_OF_SOUND * DISTANCE**2 / (size.prod() * sample_rate)
    late = np.sqrt(per_sample * np.exp(-DECAY_60_DB * time / seconds)) * rng.standard_normal(len(time))
    response = np.where(time < EARLY_SECONDS, 0.0, late)
    delays, amplitudes = _early_reflections(size, _reflection(size, seconds), rng)
    places = np.rint(delays * sample_rate).astype(int)
    within = places < len(time)
    np.add.at(response, places[within], amplitudes[within])
    return response


def _reflection(size: Samples, seconds: float) -> float:
    """Return the share of the pressure that walls send back, by Eyring's formula."""
    surface = 2 * size.prod() * (1 / size).sum()
    return float(np.exp(-DECAY_60_DB * 4 * size.prod() / (SPEED_OF_SOUND * surface * seconds) / 2))


def _early_reflections(size: Samples, reflection: float, rng: np.random.Generator) -> tuple[Samples, Samples]:
    """Return the delays in seconds and amplitudes, both relative to the direct sound, which is among them."""
    microphone = size / 2 + rng.uniform(-0.5, 0.5, 3)
    angle = rng.uniform(0, 2 * np.pi)
    mouth = microphone + DISTANCE * np.array([np.cos(angle), np.sin(angle), 0.0])
    rooms = np.arange(-3, 4)  # mirrored rooms along an axis; enough for 20 ms
    mirrored = np.array([0, 1])[:, np.newaxis]
    along = [((1 - 2 * mirrored) * mouth[i] + 2 * rooms * size[i] - microphone[i]).ravel() for i in range(3)]
    walls = (np.abs(rooms - mirrored) + np.abs(rooms)).ravel()
    squares = np.add.outer(np.add.outer(along[0] ** 2, along[1] ** 2), along[2] ** 2)
    n_walls = np.add.outer(np.add.outer(walls, walls), walls)
    distance = np.sqrt(squares)
    delays = (distance - DISTANCE) / SPEED_OF_SOUND
    early = delays < EARLY_SECONDS
    return np.maximum(delays[early], 0), reflection ** n_walls[early] * DISTANCE / distance[early]


def babble(n_samples: int, voices: Sequence[Waveform], clip: Waveform, rng: np.random.Generator) -> Samples:
    """Return four to seven voices at once, each at the same level, none of them that of `clip`.

    Short ones are repeated, and each begins at a place of its own. With fewer other voices than that, all talk.

    Raises
    ------
    EmospecError
        If there is no other voice.
    """
    wanted = rng.integers(VOICES[0], VOICES[1], endpoint=True)
    sound, n_found = np.zeros(n_samples), 0
    for number in rng.permutation(len(voices)):
        voice = voices[number]
        level = np.sqrt(np.mean(np.square(voice, dtype=np.float64))) if len(voice) else 0.0
        if level == 0 or np.array_equal(voice, clip):
            continue
        start = rng.integers(len(voice))
        sound += voice[(start + np.arange(n_samples)) % len(voice)] / level
        n_found += 1
        if n_found == wanted:
            break
    if not n_found:
        raise EmospecError(f"babble needs other clips than the one it is added to, got {len(voices)}; add some")
    return sound


MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)  # semitones
PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 0), (5, 3, 0, 4), (0, 3, 0, 4))  # steps of the scale
N_PARTIALS = 8
CYCLE = 1024  # samples in a stored cycle


def music(n_samples: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Return a made-up accompaniment: four chords with bass, broken chords above them, and a beat.

    Key, mode, chords and tempo are drawn, and the sound begins somewhere in the first bar.

    Returns
    -------
    float64, shape (n_samples,)
    """
    beat = 60 / rng.uniform(80, 140)  # seconds
    scale = np.array(MAJOR if rng.random() < 0.6 else MINOR)
    tonic = 146.8 * 2 ** (rng.integers(12) / 12)  # Hz, D3 and up
    chords = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
    start = int(rng.uniform(0, 4 * beat) * sample_rate)
    sound = np.zeros(start + n_samples)
    for number in range(int(np.ceil(len(sound) / sample_rate / (2 * beat)))):
        steps = chords[number % 4] + np.array([0, 2, 4])
        hertz = tonic * 2 ** ((scale[steps % 7] + 12 * (steps // 7)) / 12)
        _play_chord(sound, sample_rate, hertz, (number * 2 * beat, beat), rng)
    return sound[start:]


def _play_chord(
    sound: Samples, sample_rate: int, hertz: Samples, when: tuple[float, float], rng: np.random.Generator
) -> None:
    """Add two beats of one chord to `sound`; `when`: where they begin and how long one is, in seconds."""
    start, beat = when
    _add_note(sound, sample_rate, hertz[0] / 2, (start, 2 * beat), 0.9)
    for tone in hertz:
        _add_note(sound, sample_rate, tone, (start, 2 * beat), 0.4)
    for half in range(4):
        _add_note(sound, sample_rate, 2 * hertz[rng.integers(3)], (start + half * beat / 2, beat), 0.35)
        _add_stroke(sound, sample_rate, start + half * beat / 2, 0.7 if half % 2 else 0.25, rng)


def _add_note(sound: Samples, sample_rate: int, hertz: float, when: tuple[float, float], level: float) -> None:
    """Add a plucked tone with its partials below half the sample rate; `when`: its start and length in seconds."""
    first = int(when[0] * sample_rate)
    time = np.arange(max(0, min(int(when[1] * sample_rate), len(sound) - first))) / sample_rate
    partials = np.arange(1, min(N_PARTIALS, int(sample_rate / 2 / hertz)) + 1)
    angles = 2 * np.pi * np.outer(partials, np.arange(CYCLE)) / CYCLE
    cycle = (np.sin(angles) / partials[:, np.newaxis] ** 1.2).sum(axis=0)
    envelope = level * np.minimum(time / 0.005, 1) * np.exp(-3 * time / when[1])
    sound[first : first + len(time)] += envelope * cycle[(time * hertz * CYCLE).astype(int) % CYCLE]


def _add_stroke(sound: Samples, sample_rate: int, start: float, level: float, rng: np.random.Generator) -> None:
    """Add a short burst of noise, as of a drum."""
    first = int(start * sample_rate)
    time = np.arange(max(0, min(int(0.08 * sample_rate), len(sound) - first))) / sample_rate
    sound[first : first + len(time)] += level * np.exp(-time / 0.015) * rng.standard_normal(len(time))
