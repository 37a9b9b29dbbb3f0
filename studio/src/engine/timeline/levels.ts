// Where somebody speaks: by the level of the sound against the noise around it. The same steps, with the same numbers,
// as in `emospec.speech`; a test compares both.

export const HOP = 0.02; // s
export const DEAD = -75; // dB; what is below counts as this, and is no room but digital silence
const LOWEST = 150; // Hz; mains hum and rumble lie below
const LEAST_LOUDNESS = -50; // dB: where nothing is louder, nobody speaks
const LEAST_RANGE = 10; // dB from the noise to what is loudest: steady noise has less
const SHARE_OF_RANGE = 0.25; // of it, by which speech is above the noise
const LEAST_ABOVE = 6; // dB, by which even the softest speech is
const MOST_ALIVE = 0.98; // of the time: steady sound with more digital silence than the rest was put there
const FORGETTING = 3; // dB a page: how fast loud speech is forgotten
const SMOOTH = 5; // frames

/** Levels in dB: what is louder than `loud` is speech, and so is what is louder than `soft` beside it. */
export interface Thresholds {
  loud: number;
  soft: number;
}

const NOBODY: Thresholds = { loud: Number.POSITIVE_INFINITY, soft: Number.POSITIVE_INFINITY };

/** The level of a sound above `LOWEST`, each `HOP` seconds. */
export function levelsOf(sound: Float32Array, rate: number): Float32Array {
  const hop = Math.round(HOP * rate);
  const size = 2 * hop;
  const window = Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (size - 1)));
  const scale = 1 / (hop * window.reduce((sum, each) => sum + each * each, 0));
  const lowest = Math.trunc((LOWEST / rate) * size);
  const frame = new Float64Array(size);
  return Float32Array.from({ length: Math.ceil(sound.length / hop) }, (_, i) => {
    const start = i * hop - Math.floor(hop / 2);
    for (let k = 0; k < size; k++) frame[k] = (sound[start + k] ?? 0) * window[k];
    return Math.max(DEAD, 10 * Math.log10(Math.max(powerAbove(frame, lowest) * scale, 1e-12)));
  });
}

/** The power in the bins above `lowest`: by Parseval's theorem all of it, less that of the few bins below. */
function powerAbove(frame: Float64Array, lowest: number): number {
  const size = frame.length;
  const all = size * frame.reduce((sum, each) => sum + each * each, 0);
  const top = binPower(frame, size / 2);
  let sum = (all - binPower(frame, 0) + top) / 2;
  for (let bin = 1; bin <= lowest; bin++) sum -= binPower(frame, bin);
  return sum;
}

function binPower(frame: Float64Array, bin: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * bin) / frame.length); // Goertzel's recursion
  let [last, before] = [0, 0];
  for (const sample of frame) [last, before] = [sample + turn * last - before, last];
  return last * last + before * before - turn * last * before;
}

/** The loudest moment of some levels, or what is remembered of a louder one. */
export function loudestOf(levels: Float32Array, known: number): number {
  let loudest = Number.NEGATIVE_INFINITY;
  const width = levels.length > SMOOTH ? SMOOTH : 1;
  for (let i = 0; i + width <= levels.length; i++) {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += levels[i + k];
    loudest = Math.max(loudest, sum / width);
  }
  return Math.max(loudest, known - FORGETTING);
}

/** The levels above which somebody speaks, given those around and the loudest of late. */
export function thresholdsOf(levels: Float32Array, loudest: number): Thresholds {
  const alive = levels.filter((level) => level > DEAD).sort();
  if (!alive.length || loudest < LEAST_LOUDNESS) return NOBODY;
  const noise = percentile(alive, 0.1);
  if (loudest - noise < LEAST_RANGE) {
    return alive.length < MOST_ALIVE * levels.length ? { loud: DEAD, soft: DEAD } : NOBODY;
  }
  return { loud: noise + Math.max(LEAST_ABOVE, SHARE_OF_RANGE * (loudest - noise)), soft: noise + LEAST_ABOVE };
}

function percentile(sorted: Float32Array, share: number): number {
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
}
