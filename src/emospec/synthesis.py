"""English speech of synthetic voices with a chosen pitch, rate, loudness and voice quality.

The words come from the eSpeak voices inside Praat. Pitch is moved by Praat's overlap-add
resynthesis; formants by relabelling the sampling rate; level, spectral tilt, breath and room with NumPy.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.ndimage import uniform_filter1d
from scipy.signal import lfilter

from emospec.errors import EmospecError

Samples = NDArray[np.float64]
Waveform = NDArray[np.float32]

SAMPLE_RATE = 16_000
ESPEAK_RATE = 22_050  # eSpeak's own rate: at any other one Praat resamples, five times slower
ESPEAK_PITCH = 100  # Hz, about what VARIANTS have

# The other voices in Praat have flutter or breath noise that goes on from clip to clip; a clip of these depends on
# itself alone.
VARIANTS = ("Denis", "Michel", "Storm")
ACCENTS = (
    "English (America)",
    "English (Great Britain)",
    "English (Scotland)",
    "English (Caribbean)",
    "English (Lancaster)",
    "English (West Midlands)",
    "English (Received Pronunciation)",
)
TIMBRE_BANDS = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)  # Hz
TREMOR_RATE = 6.0  # Hz
PEAK = 0.97


@dataclass(frozen=True)
class Voice:
    """One speaker and the room, in that speaker's neutral way of talking."""

    variant: str  # one of VARIANTS
    accent: str  # one of ACCENTS
    formants: float  # factor on eSpeak's formants; above 1 is a shorter vocal tract
    pitch: float  # Hz, mean
    pitch_range: float  # semitones, standard deviation over a sentence
    rate: float  # words per minute
    level: float  # dB re full scale, RMS of the spoken part
    breath: float  # dB of aspiration noise re the voice
    room: float  # dB re full scale, RMS of the background noise
    timbre: tuple[float, ...]  # dB at TIMBRE_BANDS


@dataclass(frozen=True)
class Delivery:
    """How a clip departs from the speaker's neutral way of talking; zero everywhere is neutral."""

    pitch: float = 0.0  # semitones
    pitch_range: float = 0.0  # octaves: 1 doubles the movement of the pitch
    slope: float = 0.0  # semitones from the first word to the last
    rate: float = 0.0  # octaves: 1 talks twice as fast
    level: float = 0.0  # dB
    tilt: float = 0.0  # dB per octave; above 0 is a pressed, bright voice
    breath: float = 0.0  # dB
    tremor: float = 0.0  # semitones, 6 Hz
    jitter: float = 0.0  # semitones, from one 10 ms to the next
    formants: float = 0.0  # octaves; above 0 is a smile


class Take(NamedTuple):
    """One clip to record, and where it goes."""

    path: str  # relative, with slashes
    text: str
    voice: Voice
    delivery: Delivery
    seed: tuple[int, ...]


def check_synthesizer() -> None:
    """Raise an `EmospecError` with the command that installs the synthesiser if it is missing."""
    _praat()


def _praat() -> Any:
    try:
        import parselmouth
    except ModuleNotFoundError:
        raise EmospecError(
            'speech synthesis needs praat-parselmouth, which is not installed; run `pip install "emospec[demo]"`'
        ) from None
    return parselmouth


def record(take: Take, *, folder: Path) -> None:
    """Speak a take and write it under `folder` as a 16-bit WAV file; the same take gives the same bytes."""
    waveform = speak(take.text, take.voice, take.delivery, rng=np.random.default_rng(take.seed))
    path = folder / take.path
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, waveform, SAMPLE_RATE, subtype="PCM_16")


def speak(text: str, voice: Voice, delivery: Delivery, *, rng: np.random.Generator) -> Waveform:
    """Say an English text as `voice` would, in the way that `delivery` asks for.

    Returns
    -------
    float32, shape (n_samples,), in [-0.97, 0.97], 16 kHz
        The speech between two short stretches of room noise.

    Raises
    ------
    EmospecError
        If praat-parselmouth is missing or the text holds no words.
    """
    tremor_phase = rng.uniform(0, 2 * np.pi)
    speech = _say(text, voice, delivery)
    speech = _intone(speech, voice, delivery, tremor_phase, rng)
    speech = _colour(speech, voice, delivery, tremor_phase, rng)
    return _place(speech, voice, delivery, rng)


def _say(text: str, voice: Voice, delivery: Delivery) -> Samples:
    """Return the words at 16 kHz, with the formants and the rate asked for and eSpeak's own pitch."""
    call = _praat().praat.call
    formants = voice.formants * 2**delivery.formants
    rate = voice.rate * 2**delivery.rate / formants  # relabelling the rate makes speech faster, too
    pitch = float(np.clip(voice.pitch / (ESPEAK_PITCH * formants), 0.5, 2))  # near the goal, so little is left to move
    synthesizer = call("Create SpeechSynthesizer", voice.accent, voice.variant)
    call(synthesizer, "Speech output settings", ESPEAK_RATE, 0.01, pitch, 1.0, int(np.clip(rate, 80, 450)), "IPA")
    call(synthesizer, "To Sound", "a", "no")  # a clip may begin with a trace of the one before: make that this one
    answer = call(synthesizer, "To Sound", text, "no")
    sound = answer[0] if isinstance(answer, list) else answer
    samples = np.ascontiguousarray(sound.values[0], dtype=np.float64)
    if not samples.any():
        raise EmospecError(f"nothing can be spoken of the text {text!r}; expected English words")
    return _trim(soxr.resample(samples, ESPEAK_RATE * formants, SAMPLE_RATE))


def _trim(speech: Samples) -> Samples:
    """Return the part between the first and the last sample above a hundredth of the peak."""
    loud = np.flatnonzero(np.abs(speech) > 0.01 * np.abs(speech).max())
    return speech[loud[0] : loud[-1] + 1]


def _intone(
    speech: Samples, voice: Voice, delivery: Delivery, tremor_phase: float, rng: np.random.Generator
) -> Samples:
    """Replace the pitch contour by overlap-add resynthesis."""
    praat = _praat()
    call = praat.praat.call
    sound = praat.Sound(speech, SAMPLE_RATE)
    manipulation = call(sound, "To Manipulation", 0.01, voice.pitch / 2, voice.pitch * 2)
    tier = call(manipulation, "Extract pitch tier")
    if call(tier, "Get number of points") == 0:  # no voiced sound in the text
        return speech
    semitones = _semitones(tier, voice, delivery, tremor_phase, rng)
    call(tier, "Formula", f"min (700, max (50, {voice.pitch} * 2 ^ (({semitones}) / 12)))")
    call([tier, manipulation], "Replace pitch tier")
    return np.asarray(call(manipulation, "Get resynthesis (overlap-add)").values[0])


def _semitones(tier: Any, voice: Voice, delivery: Delivery, tremor_phase: float, rng: np.random.Generator) -> str:
    """Return a contour in semitones re the voice's pitch, as a Praat formula of the time `x` and eSpeak's pitch `self`.

    One formula is one call into Praat; setting the points one by one takes ten times as long.
    """
    call = _praat().praat.call
    mean, deviation = call(tier, "Get mean (points)", 0, 0), call(tier, "Get standard deviation (points)", 0, 0)
    seconds = call(tier, "Get total duration")
    movement = f"{voice.pitch_range * 2**delivery.pitch_range / max(deviation, 1)} * (self - {mean})"
    slope = f"{delivery.slope / seconds} * (x - {seconds / 2})"
    tremor = f"{max(delivery.tremor, 0)} * sin ({2 * np.pi * TREMOR_RATE} * x + {tremor_phase})"
    waves = zip(rng.uniform(20, 50, 3), rng.uniform(0, 2 * np.pi, 3), strict=True)
    jitter = [f"{max(delivery.jitter, 0)} * sin ({2 * np.pi * rate} * x + {phase})" for rate, phase in waves]
    return " + ".join([str(delivery.pitch), movement, slope, tremor, *jitter])


def _colour(
    speech: Samples, voice: Voice, delivery: Delivery, tremor_phase: float, rng: np.random.Generator
) -> Samples:
    """Add aspiration and tremor, then shape the spectrum by the speaker's timbre and the tilt asked for."""
    time = np.arange(speech.size) / SAMPLE_RATE
    envelope = uniform_filter1d(np.abs(speech), SAMPLE_RATE // 50)
    breath = np.diff(rng.standard_normal(speech.size), prepend=0.0)  # aspiration has little bass
    speech = speech + 10 ** ((voice.breath + delivery.breath) / 20) * envelope * breath
    speech *= 1 + min(0.3 * max(delivery.tremor, 0), 0.8) * np.sin(2 * np.pi * TREMOR_RATE * time + tremor_phase)
    n_fft = next_fast_len(speech.size, real=True)
    frequency = np.maximum(rfftfreq(n_fft, 1 / SAMPLE_RATE), TIMBRE_BANDS[0])
    gain = np.interp(np.log2(frequency), np.log2(TIMBRE_BANDS), voice.timbre)
    gain += delivery.tilt * np.log2(frequency / 1000)
    shaped: Samples = irfft(rfft(speech, n_fft) * 10 ** (gain / 20), n_fft)
    return shaped[: speech.size]


def _place(speech: Samples, voice: Voice, delivery: Delivery, rng: np.random.Generator) -> Waveform:
    """Bring the speech to its level and put it into the room, with a pause before and after."""
    gain = 10 ** ((voice.level + delivery.level) / 20) / np.sqrt(np.mean(speech**2))
    speech = speech * min(gain, 0.9 * PEAK / np.abs(speech).max())
    before, after = rng.integers(SAMPLE_RATE // 20, SAMPLE_RATE // 4, 2)
    noise = lfilter([1.0], [1.0, -0.9], rng.standard_normal(before + speech.size + after))
    clip: Samples = noise * (10 ** (voice.room / 20) / noise.std())
    clip[before : before + speech.size] += speech
    return np.clip(clip, -PEAK, PEAK).astype(np.float32)
