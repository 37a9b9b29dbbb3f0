import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
import soxr

from emospec.audio import read_audio, read_or_reason
from emospec.doctor_clips import measure
from emospec.errors import AudioError
from emospec.predict import Predictor
from emospec.recordings import check_channel, checked, mono, open_recording, resampled_blocks
from predict_samples import silence, voice, wav_header, write_by_ffmpeg, write_hours_of_silence


def read(path: Path) -> np.ndarray:
    with open_recording(path) as recording:
        return np.concatenate(list(checked(recording.blocks, path)))


def error_of(path: Path) -> str:
    with pytest.raises(AudioError) as caught:
        read(path)
    assert "\n" not in str(caught.value).replace(str(path), "")
    return str(caught.value)


def written(path: Path, samples: np.ndarray, rate: int = 16000, **options: Any) -> Path:
    soundfile.write(path, samples, rate, **options)
    return path


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff", "opus", "caf", "w64", "au"])
def test_formats_that_libsndfile_writes_are_read(tmp_path: Path, suffix: str) -> None:
    options = {"format": "OGG", "subtype": "OPUS"} if suffix == "opus" else {}
    sound = read(written(tmp_path / f"a.{suffix}", voice(offset=0), **options))
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(np.sqrt(np.mean(voice(offset=0) ** 2)), rel=0.05)


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        *[("m4a", "aac"), ("mp4", "aac"), ("webm", "libopus"), ("mkv", "flac"), ("aac", "aac"), ("mov", "pcm_s16le")],
        *[("flv", "aac"), ("mpg", "mp2"), ("ts", "aac"), ("avi", "pcm_s16le")],
    ],
)
def test_formats_of_phones_browsers_and_films_are_read(tmp_path: Path, suffix: str, codec: str) -> None:
    form = "adts" if suffix == "aac" else None
    path = write_by_ffmpeg(tmp_path / f"a.{suffix}", codec, voice(2.0, 48000, offset=0), form=form)
    with open_recording(path) as recording:
        sound = np.concatenate(list(recording.blocks))
        assert (recording.sample_rate, recording.channels) == (48000, 1)
    assert len(sound) / 48000 == pytest.approx(2.0, abs=0.1)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(np.sqrt(np.mean(voice(2.0, offset=0) ** 2)), rel=0.1)


def test_the_sound_of_a_film_is_read(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        sound = container.add_stream("aac", rate=48000, layout="mono")
        for _ in range(10):
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
        container.mux(pictures.encode(None))
        frame = av.AudioFrame.from_ndarray(voice(1.0, 48000)[np.newaxis], format="fltp", layout="mono")
        frame.sample_rate = 48000
        for piece in (frame, None):
            container.mux(sound.encode(piece))
    assert len(read(path)) == pytest.approx(48000, abs=2048)


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        container.mux(pictures.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
        container.mux(pictures.encode(None))
    assert "no audio in it" in error_of(path)


def test_two_mp3s_in_one_file_are_both_read(tmp_path: Path) -> None:
    one = written(tmp_path / "one.mp3", voice(2.0)).read_bytes()
    (tmp_path / "two.mp3").write_bytes(one + one)
    assert len(read(tmp_path / "two.mp3")) == pytest.approx(4 * 16000, rel=0.1)


def test_the_length_of_an_mp3_is_not_guessed_by_its_first_bit_rate(tmp_path: Path) -> None:
    parts = []
    for seconds, bit_rate in ((3.0, 32_000), (10.0, 320_000)):
        path = tmp_path / f"{bit_rate}.mp3"
        with av.open(str(path), "w", options={"write_xing": "0", "id3v2_version": "0"}) as container:
            stream = container.add_stream("libmp3lame", rate=44100, layout="mono")
            stream.bit_rate = bit_rate
            for start in range(0, round(seconds * 44100), 1152):
                sound = silence(1152 / 44100, 44100, level_db=-20, seed=start)[np.newaxis]
                frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 44100, start
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        parts.append(path.read_bytes())
    (tmp_path / "both.mp3").write_bytes(b"".join(parts))
    assert len(read_audio(tmp_path / "both.mp3", 16000)) == pytest.approx(13 * 16000, rel=0.05)


def test_the_length_of_an_mp3_that_states_it_is_known(tmp_path: Path) -> None:
    with open_recording(write_by_ffmpeg(tmp_path / "a.mp3", "libmp3lame", voice(3.0, 48000))) as recording:
        assert recording.seconds == pytest.approx(3.0, abs=0.1)


def test_a_wrong_suffix_does_not_matter(tmp_path: Path) -> None:
    path = written(tmp_path / "a.flac", voice()).rename(tmp_path / "a.txt")
    assert len(read(path)) == 16000


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_any_rate_is_read(tmp_path: Path, rate: int) -> None:
    with open_recording(written(tmp_path / "a.wav", voice(0.5, rate), rate)) as recording:
        assert recording.sample_rate == rate


@pytest.mark.parametrize("rate", [500, 1_000_000])
def test_rates_of_no_sound_card_are_refused(tmp_path: Path, rate: int) -> None:
    assert f"sample rate of {rate} Hz; expected 1000 to 768000" in error_of(written(tmp_path / "a.wav", voice(), rate))


def test_each_of_32_channels_can_be_taken() -> None:
    block = np.arange(64, dtype=np.float32).reshape(2, 32)
    np.testing.assert_array_equal(mono(block, 32), [31, 63])
    np.testing.assert_array_equal(mono(block), [15.5, 47.5])


@pytest.mark.parametrize(("channel", "channels", "said"), [(3, 2, "channels 1 to 2"), (0, 2, "1 to 2"), (2, 1, "only")])
def test_a_channel_that_is_not_there_is_refused(channel: int, channels: int, said: str) -> None:
    with pytest.raises(AudioError, match=f"{said}.*channel {channel} was asked for"):
        check_channel(channel, channels, "a.wav")


@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "mp3", "ogg", "m4a"])
def test_half_a_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "m4a":
        write_by_ffmpeg(path, "aac", voice(3.0, 48000))
    else:
        written(path, voice(3.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    error_of(path)


def test_sound_that_an_m4a_promises_and_lacks_is_missed(tmp_path: Path) -> None:
    whole = write_by_ffmpeg(tmp_path / "a.m4a", "aac", voice(3.0, 48000))
    with av.open(str(whole)) as source, av.open(str(tmp_path / "b.mp4"), "w", options={"movflags": "faststart"}) as out:
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    path = tmp_path / "b.mp4"
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert "cut short" in error_of(path) or "damaged" in error_of(path)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n_bytes", [10, 1000, 50_000])
@pytest.mark.parametrize("suffix", ["wav", "mp3"])
def test_random_bytes_are_refused(tmp_path: Path, seed: int, n_bytes: int, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(np.random.default_rng(seed).bytes(n_bytes))
    error_of(path)


def test_a_zip_named_wav_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.wav", "w") as archive:
        archive.writestr("b.wav", b"RIFF")
    assert "cannot be read as audio" in error_of(tmp_path / "a.wav")


@pytest.mark.parametrize("n_bytes", [4 * 10**9, 10 * 2**30])
def test_a_header_that_claims_gigabytes_is_refused_before_memory_is_asked_for(tmp_path: Path, n_bytes: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav_header(n_bytes) + b"\0\1" * 16000)
    tracemalloc.start()
    assert f"promises {n_bytes} bytes of sound, 32000 are there" in error_of(tmp_path / "a.wav")
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()


@pytest.mark.parametrize("content", ["#EXTM3U\n#EXTINF:1,\n{}\n", "ffconcat version 1.0\nfile {}\n"])
def test_a_list_of_files_opens_none_of_them(tmp_path: Path, content: str) -> None:
    secret = written(tmp_path / "secret.mp3", voice())
    (tmp_path / "list.m3u8").write_text(content.format(secret.name))
    assert "cannot be read as audio" in error_of(tmp_path / "list.m3u8")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_refused_wherever_they_are(tmp_path: Path, value: float) -> None:
    sound = voice(2.0)
    sound[-10] = value
    assert "not finite" in error_of(written(tmp_path / "a.wav", sound, subtype="FLOAT"))


def test_a_name_with_a_new_line_is_read(tmp_path: Path) -> None:
    assert len(read(written(tmp_path / "a\nb.wav", voice()))) == 16000


def test_a_name_that_is_no_text_is_read(tmp_path: Path) -> None:
    path = Path(str(tmp_path / "a") + "\udce9.wav")
    path.write_bytes(written(tmp_path / "a.wav", voice()).read_bytes())
    assert len(read(path)) == 16000


@pytest.mark.parametrize("name", ["a" * 300 + ".wav", "a\0b.wav", "../none.wav", ""])
def test_a_name_of_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AudioError, match=r"cannot be opened|is no file"), open_recording(tmp_path / name):
        pass


@pytest.mark.parametrize(("from_rate", "to_rate"), [(44100, 16000), (8000, 16000), (11025, 16000), (16000, 16000)])
def test_blocks_are_resampled_as_the_whole_is(from_rate: int, to_rate: int) -> None:
    sound = voice(2.0, from_rate)
    blocks = np.concatenate(list(resampled_blocks(np.array_split(sound, 13), from_rate, to_rate)))
    np.testing.assert_allclose(blocks, soxr.resample(sound, from_rate, to_rate, quality="HQ"), atol=1e-5)


def test_an_hour_takes_no_more_memory_than_a_minute(tmp_path: Path) -> None:
    path = write_hours_of_silence(tmp_path / "long.wav", 1.0)
    tracemalloc.start()
    with open_recording(path) as recording:
        n_samples = sum(len(mono(block)) for block in recording.blocks)
    assert n_samples == 3600 * 8000
    assert tracemalloc.get_traced_memory()[1] < 2 * 10**7  # the hour itself takes 10**8
    tracemalloc.stop()


def test_silence_is_no_error_of_a_stream(tmp_path: Path) -> None:
    assert not read(written(tmp_path / "a.wav", silence(1.0))).any()


def test_a_flac_that_does_not_say_how_long_it_is_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "streamed.flac"
    soundfile.write(path, np.sin(np.arange(32000) / 20) * 0.5, 16000)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # the count of samples: 36 bits of STREAMINFO
    content[22:26] = bytes(4)
    path.write_bytes(bytes(content))
    assert len(read(path)) == 32000


def test_a_colon_in_a_name_is_no_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_by_ffmpeg(tmp_path / "12:30.m4a", "aac", voice(offset=0))
    monkeypatch.chdir(tmp_path)
    assert len(read(Path("12:30.m4a")))


def test_tags_that_are_no_utf8_do_no_harm(tmp_path: Path) -> None:
    path = written(tmp_path / "a.mp3", voice())
    tag = b"TAG" + "Café".encode("latin-1").ljust(124, b"\0") + b"\x0c"
    path.write_bytes(path.read_bytes() + tag)
    assert len(read(path))


def test_a_pyav_that_takes_any_tags_by_itself_is_not_asked_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since version 19, `av.open` has no argument `metadata_errors`."""
    path = write_by_ffmpeg(tmp_path / "a.m4a", "aac", voice(offset=0))
    installed = av.open
    monkeypatch.setattr(
        av, "open", lambda file, *, container_options: installed(file, container_options=container_options)
    )
    monkeypatch.setattr(av, "__version__", "19.0.2")
    assert len(read(path))


def of_unknown_codec(path: Path) -> Path:
    """Sound whose container names a codec that nobody knows."""
    if path.suffix == ".wav":
        content = bytearray(written(path, voice()).read_bytes())
        content[20:22] = (0x1234).to_bytes(2, "little")  # the format tag
    else:
        content = bytearray(write_by_ffmpeg(path, "aac", voice(2.0, 48000)).read_bytes().replace(b"A_AAC", b"A_XYZ"))
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["a.wav", "a.mkv"])
def test_sound_of_an_unknown_codec_is_refused(tmp_path: Path, name: str) -> None:
    assert "of a codec that FFmpeg cannot decode" in error_of(of_unknown_codec(tmp_path / name))


@pytest.mark.parametrize("name", ["a.wav", "a.mkv"])
def test_sound_of_an_unknown_codec_is_one_unreadable_file_to_all_who_read(tmp_path: Path, name: str) -> None:
    path = str(of_unknown_codec(tmp_path / name))
    assert measure(path).problem == "unreadable"
    assert "of a codec that FFmpeg cannot decode" in measure(path).reason
    assert "of a codec that FFmpeg cannot decode" in str(read_or_reason(path, 16000))
    with pytest.raises(AudioError, match="of a codec that FFmpeg cannot decode"):
        Predictor().predict(path)


@pytest.mark.parametrize(("layout", "n_channels"), [("5.1", 6), ("7.1", 8), ("hexadecagonal", 16)])
def test_sound_of_many_channels_is_read_from_films_too(tmp_path: Path, layout: str, n_channels: int) -> None:
    path = tmp_path / "film.mkv"
    expected = np.random.default_rng(0).integers(-9000, 9000, (4800, n_channels)).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48000, layout=layout)
        frame = av.AudioFrame.from_ndarray(expected.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate, frame.pts = 48000, 0
        for piece in (frame, None):
            container.mux(stream.encode(piece))
    np.testing.assert_allclose(read(path), expected / 32768, atol=1e-6)


def test_a_stream_that_comes_up_on_the_way_ends_no_run(tmp_path: Path) -> None:
    """As where a broadcast goes on to the next programme; PyAV up to 18 raises an IndexError at the end of these."""
    path = write_by_ffmpeg(tmp_path / "a.ts", "aac", voice(4.0, 48000))
    content = bytearray(path.read_bytes())
    begun = [at for at in range(0, len(content), 188) if content[at + 1 : at + 3] == b"\x41\0"]  # packets of the sound
    content[begun[-1] + 1] = 0x5F  # of another one
    path.write_bytes(content)
    assert 1 < len(read(path)) / 48000 < 4.1


def test_of_several_tracks_the_first_that_can_be_decoded_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        for stream in [container.add_stream(codec, rate=48000, layout="mono") for codec in ("aac", "flac")]:
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 48000), np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48000, 0
            fitting = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=48000)
            for piece in [*fitting.resample(frame), *fitting.resample(None), None]:
                container.mux(stream.encode(piece))
    path.write_bytes(path.read_bytes().replace(b"A_AAC", b"A_XYZ"))
    assert len(read(path)) == pytest.approx(48000, abs=4800)
