import type { LiveAnswer } from "../engine/types";
import type { MelBands } from "./mel";
import { Picture } from "./picture";

/** A recording as it grows: its samples, its picture, and what was heard in it on the way. */
export class Recording {
  readonly picture: Picture;
  readonly answers: LiveAnswer[] = [];
  level = 0; // of the last block, 0 to 1
  private samples = new Float32Array(2 ** 18);
  private length = 0;

  constructor(
    readonly rate: number,
    bands: MelBands,
  ) {
    this.picture = new Picture(rate, bands, Math.round(rate / 100));
  }

  get seconds(): number {
    return this.length / this.rate;
  }

  push(block: Float32Array): void {
    if (this.length + block.length > this.samples.length) {
      const larger = new Float32Array(2 * this.samples.length);
      larger.set(this.samples);
      this.samples = larger;
    }
    this.samples.set(block, this.length);
    this.length += block.length;
    this.level = levelOf(block);
    this.picture.grow(this.samples, this.length);
  }

  hear(answer: LiveAnswer): void {
    this.answers.push(answer);
  }

  /** What the model said when a moment had just passed. */
  emotionAt(time: number): LiveAnswer | null {
    return this.answers.find(({ at }) => at >= time) ?? this.answers.at(-1) ?? null;
  }

  all(): Float32Array {
    return this.samples.slice(0, this.length);
  }
}

/** Loudness from -60 dB to full scale, as 0 to 1. */
function levelOf(block: Float32Array): number {
  let power = 0;
  for (const sample of block) power += sample * sample;
  const decibels = 10 * Math.log10(power / block.length + 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 50));
}
