"""Changes of a recording that its emotion survives: noise, rooms, telephones, filters and small edits.

A change is drawn from the seed, its name and the samples of the clip, so that it is the same wherever the clip stands
in a list, whatever came before, and in any process or thread. `docs/robustness.md` gives the reasons for each strength.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import butter, oaconvolve, sosfilt

from emospec import codecs
from emospec.audio import Waveform
from emospec.errors import ConfigError
from emospec.perturbation_sounds import babble, music, room_response

Samples = NDArray[np.float64]

SPEECH_LEVEL = 0.05  # RMS of full scale: -26 dB, where telephone codecs are meant to work
LOWEST_TELEPHONE_HZ = 300.0
HIGHEST_CUTOFF = 0.8125  # of half the sample rate: 6500 Hz at 16 kHz
LARGEST_CROP = 0.25  # of the clip


@dataclass(frozen=True)
class Bank:
    """Sounds to disturb a clip with; `voices` are clips of the same corpus, at the rate of the clip."""

    voices: tuple[Waveform, ...] = ()


class Setting(NamedTuple):
    """All that a change depends on beside the clip."""

    sample_rate: int
    strength: float
    rng: np.random.Generator
    bank: Bank


@dataclass(frozen=True)
class Perturbation:
    """One change of a recording.

    Attributes
    ----------
    title : str
        In plain words.
    default : float
        Its strength unless another is given, in `unit`.
    bounds : least and greatest strength
    wording : str
        How the strength is said; `{:g}` is the number.
    apply : from the clip as float64 and a setting to the changed clip
        The level may exceed 1: `perturb` sees to it.
    """

    name: str
    title: str
    default: float
    unit: str
    bounds: tuple[float, float]
    wording: str
    apply: Callable[[Samples, Setting], Samples]

    @property
    def strength(self) -> str:
        """The default strength in plain words, such as "SNR 20 dB"."""
        return self.in_words()

    def in_words(self, strength: float | None = None) -> str:
        """Return a strength in plain words, the default one unless given."""
        return self.wording.format(self.default if strength is None else strength)

    def checked(self, strength: float | None) -> float:
        """Return the strength to use: the default one for None; one out of bounds is a `ConfigError`."""
        if strength is None:
            return self.default
        least, most = self.bounds
        if not least <= strength <= most:
            raise ConfigError(f"{self.name} of {strength:g} {self.unit} cannot be; expected {least:g} to {most:g}")
        return strength


def perturb(
    name: str, waveform: Waveform, sample_rate: int, *, seed: int, bank: Bank, strength: float | None = None
) -> Waveform:
    """Change a recording in one of the ways in `PERTURBATIONS`.

    Parameters
    ----------
    waveform : shape (n_samples,), in [-1, 1]
    seed : int, 0 or above
        The same clip, name and seed give the same samples; no global random state is read or changed.
    strength : float, optional
        In the unit of the perturbation; its default if None.

    Returns
    -------
    float32, in [-1, 1], same shape save for cropping and padding
        Where the change would exceed 1, the whole clip is made quieter until it doesn't: nothing is clipped by the way.

    Raises
    ------
    ConfigError
        If the name is unknown or the strength out of bounds.
    EmospecError
        If babble is asked for and the bank holds no other voice.
    """
    perturbation = find_perturbation(name)
    rng = np.random.default_rng([seed, crc32(name.encode()), crc32(np.ascontiguousarray(waveform, np.float32).data)])
    setting = Setting(sample_rate, perturbation.checked(strength), rng, bank)
    return _within_one(perturbation.apply(waveform.astype(np.float64), setting)).astype(np.float32)


def find_perturbation(name: str) -> Perturbation:
    """Return a perturbation by name; an unknown one is a `ConfigError` that lists them."""
    if name not in PERTURBATIONS:
        raise ConfigError(f"unknown perturbation {name!r}; expected one of {', '.join(PERTURBATIONS)}")
    return PERTURBATIONS[name]


def _within_one(sound: Samples) -> Samples:
    peak = np.abs(sound).max(initial=0)
    return sound / peak if peak > 1 else sound


def _level(sound: Samples) -> float:
    return float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0


def _at_level(sound: Samples, level: float) -> Samples:
    own = _level(sound)
    return sound * (level / own) if own > 0 else sound


def _with_noise(clip: Samples, noise: Samples, snr: float) -> Samples:
    return clip + _at_level(noise, _level(clip) * 10 ** (-snr / 20))


def _shaped(sound: Samples, sample_rate: int, gain: Callable[[Samples], Samples]) -> Samples:
    """Multiply the spectrum by `gain`, a function of the frequency in Hz, without shifting anything in time."""
    n_fft = next_fast_len(len(sound) + sample_rate // 5, real=True)  # what runs over an end must not reach the other
    shaped: Samples = irfft(rfft(sound, n_fft) * gain(rfftfreq(n_fft, 1 / sample_rate)), n_fft)
    return shaped[: len(sound)]


def _telephone(clip: Samples, setting: Setting) -> Samples:
    def band(frequency: Samples) -> Samples:
        top = setting.strength
        edges = [LOWEST_TELEPHONE_HZ - 100, LOWEST_TELEPHONE_HZ, top, top + 200]
        return np.interp(frequency, edges, [0, 1, 1, 0])

    spoken = _at_level(_shaped(clip, setting.sample_rate, band), SPEECH_LEVEL)
    sent = codecs.resampled(_within_one(spoken).astype(np.float32), setting.sample_rate, codecs.GSM_RATE)
    received = codecs.resampled(codecs.through_gsm(sent), codecs.GSM_RATE, setting.sample_rate)
    heard = _shaped(codecs.of_length(received, len(clip)).astype(np.float64), setting.sample_rate, band)
    return _at_level(heard, _level(clip))


def _babble(clip: Samples, setting: Setting) -> Samples:
    others = babble(len(clip), setting.bank.voices, clip.astype(np.float32), setting.rng)
    return _with_noise(clip, others, setting.strength)


def _white_noise(clip: Samples, setting: Setting) -> Samples:
    return _with_noise(clip, setting.rng.standard_normal(len(clip)), setting.strength)


def _reverberation(clip: Samples, setting: Setting) -> Samples:
    room = room_response(setting.strength, setting.sample_rate, setting.rng)
    return _at_level(oaconvolve(clip, room)[: len(clip)], _level(clip))


def _music(clip: Samples, setting: Setting) -> Samples:
    return _with_noise(clip, music(len(clip), setting.sample_rate, setting.rng), setting.strength)


def _up_or_down(setting: Setting) -> float:
    return setting.strength if setting.rng.random() < 0.5 else -setting.strength


def _gain(clip: Samples, setting: Setting) -> Samples:
    factor = 10 ** (_up_or_down(setting) / 20)
    return clip / factor if factor * np.abs(clip).max(initial=0) > 1 else clip * factor


def _clipping(clip: Samples, setting: Setting) -> Samples:
    limit = np.quantile(np.abs(clip), 1 - setting.strength / 100)
    return np.clip(clip, -limit, limit) if limit > 0 else clip


def _cropping(clip: Samples, setting: Setting) -> Samples:
    wanted = round(setting.strength / 1000 * setting.sample_rate)
    n_lost = min(wanted, int(LARGEST_CROP * len(clip)))
    return clip[n_lost:] if setting.rng.random() < 0.5 else clip[: len(clip) - n_lost]


def _padding(clip: Samples, setting: Setting) -> Samples:
    silence = np.zeros(round(setting.strength / 1000 * setting.sample_rate))
    return np.concatenate([silence, clip] if setting.rng.random() < 0.5 else [clip, silence])


def _high_pass(clip: Samples, setting: Setting) -> Samples:
    return _filtered(clip, setting, "highpass")


def _low_pass(clip: Samples, setting: Setting) -> Samples:
    return _filtered(clip, setting, "lowpass")


def _filtered(clip: Samples, setting: Setting, kind: str) -> Samples:
    cutoff = min(setting.strength, HIGHEST_CUTOFF * setting.sample_rate / 2)
    filtered: Samples = sosfilt(butter(1, cutoff, kind, fs=setting.sample_rate, output="sos"), clip)
    return filtered


def _spectral_tilt(clip: Samples, setting: Setting) -> Samples:
    slope = _up_or_down(setting)
    tilted = _shaped(clip, setting.sample_rate, lambda hz: 10 ** (slope * np.log2(np.maximum(hz, 50) / 1000) / 20))
    return _at_level(tilted, _level(clip))


_SNR = ("dB", (-20.0, 80.0), "SNR {:g} dB")
_HERTZ = (20.0, 20_000.0)
_ENDS = (0.0, 10_000.0)
_ALL = (
    Perturbation("telephone", "a mobile telephone", 3400, "Hz", (1000, 3700), "300 to {:g} Hz, GSM 06.10", _telephone),
    Perturbation("babble", "four to seven others talking", 20, *_SNR, _babble),
    Perturbation("white_noise", "white noise", 20, *_SNR, _white_noise),
    Perturbation("reverberation", "an office, 1 m away", 0.5, "s", (0.05, 5), "RT60 {:g} s", _reverberation),
    Perturbation("music", "music", 20, *_SNR, _music),
    Perturbation("gain", "louder or quieter", 2, "dB", (0, 40), "{:g} dB up or down", _gain),
    Perturbation("clipping", "clipped peaks", 0.3, "%", (0, 50), "{:g} % of the samples", _clipping),
    Perturbation("cropping", "a little cut off", 62.5, "ms", _ENDS, "{:g} ms at one end", _cropping),
    Perturbation("padding", "a little silence added", 62.5, "ms", _ENDS, "{:g} ms at one end", _padding),
    Perturbation("high_pass", "high-pass filter", 150, "Hz", _HERTZ, "{:g} Hz, 6 dB per octave", _high_pass),
    Perturbation("low_pass", "low-pass filter", 6500, "Hz", _HERTZ, "{:g} Hz, 6 dB per octave", _low_pass),
    Perturbation(
        "spectral_tilt", "brighter or duller", 2, "dB per octave", (0, 12), "{:g} dB per octave", _spectral_tilt
    ),
)
PERTURBATIONS = {each.name: each for each in _ALL}
