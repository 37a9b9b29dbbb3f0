/** What a model says of a sound; the same words as in the answers of `emospec serve`. */

export type Scores = Record<string, number>;

export interface Prediction {
  emotion: string;
  confidence: number;
  scores: Scores;
  uncertain: boolean;
  seconds: number;
}

/** A stretch of a recording, in seconds; `emotion` is null where nobody speaks. */
export interface Stretch {
  start: number;
  end: number;
  emotion: string | null;
  confidence?: number | null;
  scores?: Scores | null;
  uncertain?: boolean;
}

export interface Timeline {
  seconds: number;
  windows: Stretch[];
  segments: Stretch[];
}

/** Which part of the picture spoke for the answer: rows from the highest band to the lowest. */
export interface Explanation extends Prediction {
  heat: number[][];
  image?: number[][]; // from a server: what the network sees
  start: number;
  end: number;
}

export interface LiveAnswer {
  at: number;
  emotion: string | null;
  confidence?: number;
  scores?: Scores;
  uncertain?: boolean;
}

export interface Mel {
  sample_rate: number;
  n_mels: number;
  hop_length: number;
  width: number;
  fmin: number;
  fmax: number | null;
}

export interface Score {
  value: number;
  low: number;
  high: number;
}

export interface Facts {
  name: string;
  sha256: string;
  classes: string[];
  mel: Mel;
  calibration: { threshold: number | null; stated_accuracy: number } | null;
  scores?: { n_clips?: number; n_speakers?: number; accuracy?: Score };
  training?: { corpora?: Record<string, { n_clips?: number }> };
}

/**
 * The probability below which an answer is uncertain; null where none is known. Where a calibration found no such
 * probability, every answer is uncertain: none reaches 2.
 */
export function thresholdIn({ calibration }: Facts): number | null {
  return calibration ? (calibration.threshold ?? 2) : null;
}

export interface Model {
  name: string;
  sha256: string;
  classes: string[];
  sampleRate: number;
  threshold: number | null; // null: none is known
  card: string; // Markdown
  facts: Facts;
}

/** A sound to judge: the file as it came, and its samples where the browser can read it. */
export interface Sound {
  name: string;
  file: Blob | null; // null: made here, of samples
  samples: Float32Array | null; // mono
  rate: number;
}

/** A stream of sound to an engine, which answers as it listens. */
export interface Live {
  push(samples: Float32Array): void;
  close(): void;
}

export type Progress = (share: number) => void;

/** Whatever turns sound into answers: a server, or the browser itself. */
export interface Engine {
  readonly kind: "server" | "browser";
  readonly model: Model;
  predict(sound: Sound): Promise<Prediction>;
  timeline(sound: Sound, progress: Progress): Promise<Timeline>;
  explain(sound: Sound, progress: Progress): Promise<Explanation>;
  live(rate: number, answer: (answer: LiveAnswer) => void, failed: (reason: string) => void): Live;
}

/** What went wrong, in words for the person before the page. */
export class StudioError extends Error {}
