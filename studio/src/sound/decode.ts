import { type Sound, StudioError } from "../engine/types";
import { sampleRateOf } from "./sample_rate";
import { encodeWav } from "./wav";

/** Read a file as mono samples at its own rate: the mean of its channels. `samples` is null if the browser can't. */
export async function readSound(file: File): Promise<Sound> {
  if (!file.size) throw new StudioError(`${file.name} is empty. Choose another file.`);
  const bytes = await file.arrayBuffer();
  const rate = sampleRateOf(bytes);
  const decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes).catch(() => null);
  return { name: file.name, file, samples: decoded && mixed(decoded), rate };
}

function mixed(sound: AudioBuffer): Float32Array {
  const channels = Array.from({ length: sound.numberOfChannels }, (_, i) => sound.getChannelData(i));
  if (channels.length === 1) return channels[0].slice();
  const mean = new Float32Array(sound.length);
  for (const channel of channels) {
    for (let i = 0; i < mean.length; i++) mean[i] += channel[i] / channels.length;
  }
  return mean;
}

/** A stretch of a sound, as a sound of its own. */
export function cut(sound: Sound, start: number, end: number): Sound {
  if (!sound.samples) return sound;
  const samples = sound.samples.slice(Math.round(start * sound.rate), Math.round(end * sound.rate));
  return { name: sound.name.replace(/(\.[^.]*)?$/, ".wav"), file: null, samples, rate: sound.rate };
}

/** The sound as a file to send, to play or to keep. */
export function fileOf(sound: Sound): Blob {
  return sound.file ?? encodeWav(sound.samples ?? new Float32Array(), sound.rate);
}
