import type { Network } from "./network";
import type { Mel, Prediction } from "./types";

const MIN_SECONDS = 0.025; // as the command line: a shorter sound is a slip
const MIN_PEAK = 1e-4; // -80 dB of full scale

/** Turns sound at the model's own rate into answers. */
export class Judge {
  readonly rate: number;

  constructor(
    readonly network: Network,
    readonly mel: Mel,
    readonly threshold: number | null,
  ) {
    this.rate = mel.sample_rate;
  }

  async predict(samples: Float32Array): Promise<Prediction> {
    checkSound(samples, this.rate);
    const [row] = await this.network.score([samples]);
    return this.prediction(row, samples.length / this.rate);
  }

  /** Length and distance of the windows of a timeline, in seconds; the model has to hear all of a window. */
  get windows(): [number, number] {
    const window = Math.min(3, (this.mel.width * this.mel.hop_length) / this.rate);
    return [window, Math.min(1, window)];
  }

  prediction(row: Float32Array, seconds: number): Prediction {
    const scores = this.network.named(row);
    const emotion = this.network.classes[row.indexOf(Math.max(...row))];
    const confidence = scores[emotion];
    return { emotion, confidence, scores, uncertain: this.threshold !== null && confidence < this.threshold, seconds };
  }
}

export function isSilent(samples: Float32Array): boolean {
  return !samples.some((sample) => Math.abs(sample) >= MIN_PEAK);
}

/** Raise, in words for the person, unless there is something to hear. */
export function checkSound(samples: Float32Array, rate: number): void {
  if (samples.length < MIN_SECONDS * rate)
    throw new Error("This is shorter than 25 ms: too short to hear anything in it.");
  if (isSilent(samples)) throw new Error("This is silence: nothing in it is louder than -80 dB. Is the microphone on?");
}
