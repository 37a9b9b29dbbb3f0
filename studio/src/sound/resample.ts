import { joined } from "./joined";

/**
 * Sound at another sample rate, as the command line resamples it.
 *
 * A Kaiser-windowed sinc whose response follows that of soxr's HQ setting within 0.2 dB down to -25 dB: flat up to
 * 0.92 of the lower Nyquist frequency, -126 dB beyond it. The browser's own resampler is not the same everywhere,
 * and a network that reads decibels near 8 kHz would notice.
 */

const CUT = 0.957; // -6 dB, as a share of the lower Nyquist frequency
const ZEROS = 94; // crossings on each side
const BETA = 12;
const TOLD = 2 ** 18; // samples between two reports of progress

/** Return `samples` at `toRate`; the length is rounded, and nothing is delayed. */
export function resample(
  samples: Float32Array,
  fromRate: number,
  toRate: number,
  progress: (share: number) => void = () => {},
): Float32Array {
  if (fromRate === toRate) return samples;
  const common = greatestDivisor(fromRate, toRate);
  const up = toRate / common;
  const down = fromRate / common;
  const filters = polyphase(up, down);
  const out = new Float32Array(Math.round((samples.length * up) / down));
  for (let i = 0; i < out.length; i++) {
    if (i % TOLD === 0) progress(i / out.length);
    out[i] = oneSample(samples, i, up, down, filters);
  }
  return out;
}

/** The same for a stream: a little late, since a sample depends on those that follow it. */
export class Resampling {
  private waiting: Float32Array = new Float32Array(0);
  private forgotten = 0; // samples before those that wait
  private made = 0;
  private readonly up: number;
  private readonly down: number;
  private readonly filters: Filters;

  constructor(fromRate: number, toRate: number) {
    const common = greatestDivisor(fromRate, toRate);
    this.up = toRate / common;
    this.down = fromRate / common;
    this.filters = makePolyphase(this.up, this.down);
  }

  /** Take the samples that follow; return those that can be made now. */
  push(samples: Float32Array): Float32Array {
    if (this.up === this.down) return samples;
    this.waiting = joined([this.waiting, samples]);
    const { reach } = this.filters;
    const ready = Math.floor(((this.forgotten + this.waiting.length - reach - 1) * this.up) / this.down);
    const out = new Float32Array(Math.max(0, ready - this.made));
    for (let i = 0; i < out.length; i++) {
      out[i] = oneSample(this.waiting, this.made + i, this.up, this.down, this.filters, this.forgotten);
    }
    this.made += out.length;
    this.forget(Math.floor((this.made * this.down) / this.up) - reach);
    return out;
  }

  private forget(before: number): void {
    const gone = Math.max(0, before - this.forgotten);
    this.waiting = this.waiting.slice(gone);
    this.forgotten += gone;
  }
}

interface Filters {
  reach: number; // taps on each side of the centre
  taps: Float32Array; // `up` rows of 2 * reach
}

function oneSample(
  samples: Float32Array,
  i: number,
  up: number,
  down: number,
  { reach, taps }: Filters,
  skipped = 0, // samples of the source before `samples`
): number {
  const position = i * down;
  const centre = Math.floor(position / up);
  const row = (position - centre * up) * 2 * reach;
  const first = centre - reach + 1 - skipped;
  const from = Math.max(0, -first);
  const to = Math.min(2 * reach, samples.length - first);
  let sum = 0;
  for (let k = from; k < to; k++) sum += taps[row + k] * samples[first + k];
  return Math.min(1, Math.max(-1, sum));
}

const known = new Map<string, Filters>();

function polyphase(up: number, down: number): Filters {
  const key = `${up}/${down}`;
  const filters = known.get(key) ?? makePolyphase(up, down);
  known.clear(); // one rate at a time is in use
  known.set(key, filters);
  return filters;
}

function makePolyphase(up: number, down: number): Filters {
  const shrink = Math.min(1, up / down); // the lower of both rates, in units of the source's
  const half = ZEROS / shrink;
  const reach = Math.ceil(half);
  const taps = new Float32Array(up * 2 * reach);
  for (let phase = 0; phase < up; phase++) {
    for (let k = 0; k < 2 * reach; k++) {
      const t = k - reach + 1 - phase / up;
      taps[phase * 2 * reach + k] = shrink * CUT * sinc(shrink * CUT * t) * kaiser(t / half);
    }
  }
  return { reach, taps };
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const kaiser = (x: number): number => (Math.abs(x) > 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA));

/** The modified Bessel function I0, by its power series. */
function bessel(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
