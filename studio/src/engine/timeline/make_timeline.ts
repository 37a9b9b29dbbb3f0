// Timelines of long recordings, as `emospec.timeline` makes them.

import { checkSound, type Judge } from "../judge";
import type { Prediction, Progress, Stretch, Timeline } from "../types";
import { merged, type Scored, segmentsOf } from "./segments";
import { type Utterance, utterancesIn } from "./utterances";

const LEAST_HEARD = 0.25; // s of speech that a window needs for an answer
const LEAST_SILENCE = 0.1; // s

/** Windows at regular times, and segments of one emotion with silence between them. */
export async function makeTimeline(
  sound: Float32Array,
  judge: Judge,
  [window, hop]: [number, number],
  progress: Progress,
): Promise<Timeline> {
  checkSound(sound, judge.rate);
  const listener = new Listener(sound, judge, Math.round(window * judge.rate), Math.round(hop * judge.rate));
  for (const utterance of utterancesIn(sound, judge.rate)) {
    await listener.hear(utterance);
    progress(utterance.end / sound.length);
  }
  return listener.timeline();
}

/** Hears the utterances of a recording one after the other, and keeps the answers. */
class Listener {
  private readonly heard = new Map<number, Scored>(); // by the number of the window: the piece that fills most of it
  private readonly stretches: Scored[] = [];

  constructor(
    private readonly sound: Float32Array,
    private readonly judge: Judge,
    private readonly window: number,
    private readonly hop: number,
  ) {}

  /** Score an utterance: the parts that windows have of it, and the whole if it is no longer than a window. */
  async hear(utterance: Utterance): Promise<void> {
    const parts = this.partsOf(utterance);
    const isShort = utterance.end - utterance.start <= this.window;
    const spans = distinct([...parts.map(({ part }) => part), ...(isShort ? [utterance] : [])]);
    const rows = await this.judge.network.score(spans.map(({ start, end }) => this.sound.subarray(start, end)));
    const pieces = spans.map((span, i): Scored => ({ ...span, scores: rows[i] }));
    for (const { number, part } of parts)
      this.keep(
        number,
        pieces.find((piece) => isSame(piece, part))!,
      );
    const own = isShort ? pieces.filter((piece) => isSame(piece, utterance)) : pieces;
    this.stretches.push(...(await segmentsOf(utterance, own, this.sound, this.judge, this.hop / this.window)));
  }

  timeline(): Timeline {
    const n = Math.max(1, 1 + Math.ceil((this.sound.length - this.window) / this.hop));
    const windows = Array.from({ length: n }, (_, number) => this.windowAt(number));
    return { seconds: this.seconds(this.sound.length), windows, segments: this.segments() };
  }

  private keep(number: number, piece: Scored): void {
    const known = this.heard.get(number);
    if (!known || known.end - known.start < piece.end - piece.start) this.heard.set(number, piece);
  }

  /** The numbers of windows and the part of the utterance that each has. */
  private partsOf(utterance: Utterance): { number: number; part: Utterance }[] {
    const least = Math.min(Math.round(LEAST_HEARD * this.judge.rate), utterance.end - utterance.start);
    const first = Math.max(0, Math.floor((utterance.start - this.window) / this.hop) + 1);
    const parts = [];
    for (let number = first; number * this.hop < utterance.end; number++) {
      const start = Math.max(number * this.hop, utterance.start);
      const end = Math.min(number * this.hop + this.window, utterance.end);
      if (end - start >= least) parts.push({ number, part: { start, end } });
    }
    return parts;
  }

  private windowAt(number: number): Stretch {
    const start = number * this.hop;
    const piece = this.heard.get(number);
    const times = { start: this.seconds(start), end: this.seconds(Math.min(start + this.window, this.sound.length)) };
    return piece ? { ...times, ...plain(this.judge.prediction(piece.scores, 0)) } : { ...times, emotion: null };
  }

  /** Segments without gaps: silence between utterances, and one segment where two of an emotion touch. */
  private segments(): Stretch[] {
    const segments: Stretch[] = [];
    let at = 0;
    for (const { start, end, scores } of this.wholeStretches()) {
      if (start > at) segments.push(this.silence(at, start));
      const times = { start: this.seconds(start), end: this.seconds(end) };
      segments.push({ ...times, ...plain(this.judge.prediction(scores, 0)) });
      at = end;
    }
    return at < this.sound.length ? [...segments, this.silence(at, this.sound.length)] : segments;
  }

  /** What was heard; what is left at either end of the recording is silence only if it is long enough. */
  private wholeStretches(): Scored[] {
    const stretches = merged(this.stretches);
    const sliver = LEAST_SILENCE * this.judge.rate;
    const [first, last] = [stretches[0], stretches.at(-1)];
    if (first && first.start < sliver) first.start = 0;
    if (last && this.sound.length - last.end < sliver) last.end = this.sound.length;
    return stretches;
  }

  private silence(start: number, end: number): Stretch {
    const times = { start: this.seconds(start), end: this.seconds(end) };
    return { ...times, emotion: null, confidence: null, uncertain: false, scores: null };
  }

  private seconds(sample: number): number {
    return Math.round((1000 * sample) / this.judge.rate) / 1000;
  }
}

const plain = ({ emotion, confidence, scores, uncertain }: Prediction) => ({ emotion, confidence, scores, uncertain });

const isSame = (a: Utterance, b: Utterance): boolean => a.start === b.start && a.end === b.end;

/** Spans in order of time, each once. */
function distinct(spans: Utterance[]): Utterance[] {
  const sorted = spans.map(({ start, end }) => ({ start, end })).sort((a, b) => a.start - b.start || a.end - b.end);
  return sorted.filter((span, i) => !i || !isSame(span, sorted[i - 1]));
}
