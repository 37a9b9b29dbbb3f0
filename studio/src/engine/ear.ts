import { joined } from "../sound/joined";
import { Resampling } from "../sound/resample";
import { isSilent, type Judge } from "./judge";
import { makeTimeline } from "./timeline/make_timeline";
import type { LiveAnswer } from "./types";

const HEARD_SECONDS = 3; // an answer is on so much sound
const FIRST_ANSWER = 0.5;
const BETWEEN_ANSWERS = 0.25;

/** Remembers the last seconds of a stream, and says what they sound like. */
export class Ear {
  private last: Float32Array = new Float32Array(0); // at the model's rate
  private readonly resampling: Resampling;
  private heard = 0; // samples
  private nextAt = FIRST_ANSWER;

  constructor(
    private readonly judge: Judge,
    private readonly rate: number,
    private readonly say: (answer: LiveAnswer) => void,
  ) {
    this.resampling = new Resampling(rate, judge.rate);
  }

  push(samples: Float32Array): void {
    this.last = joined([this.last, this.resampling.push(samples)]).slice(-Math.round(HEARD_SECONDS * this.judge.rate));
    this.heard += samples.length;
  }

  /** Whether it is time for an answer; where answers take long, there are fewer of them. */
  isDue(): boolean {
    if (this.at < this.nextAt) return false;
    this.nextAt = Number.POSITIVE_INFINITY; // until this one is out
    return true;
  }

  async answer(): Promise<void> {
    const at = this.at;
    const sound = this.last;
    const [window] = this.judge.windows;
    const spoken = isSilent(sound) ? [] : (await makeTimeline(sound, this.judge, [window, window], () => {})).windows;
    const { emotion = null, confidence, scores, uncertain } = spoken.find(({ emotion }) => emotion !== null) ?? {};
    this.say({ at, emotion, confidence, scores, uncertain } as LiveAnswer);
    this.nextAt = at + BETWEEN_ANSWERS;
  }

  private get at(): number {
    return this.heard / this.rate;
  }
}
