// Stretches of speech, from levels that come page by page: as in `emospec.spans`.

import { DEAD, HOP, type Thresholds } from "./levels";

const PAUSE = Math.round(0.4 / HOP); // shorter ones are within an utterance
const LEAST_SPEECH = Math.round(0.2 / HOP); // what is loud for less is a click
const MARGIN = Math.round(0.14 / HOP); // kept before and after
const ROOM = Math.round(2 / HOP); // so much of a room's noise belongs to an utterance, if digital silence lies beyond
const DEAD_RUN = Math.round(0.1 / HOP); // of digital silence
const LONGEST = Math.round(60 / HOP); // longer utterances are divided at their quietest point
const SEARCHED = Math.round(20 / HOP); // at the end of a long utterance, in which that point is looked for
const QUIET_WIDTH = Math.round(0.2 / HOP);

/** The first frame, and the one after the last. */
export type Span = [number, number];

/** Collects levels, and gives the stretches of speech that are over. */
export class SpanFinder {
  private levels: number[] = [];
  private loud: boolean[] = [];
  private soft: boolean[] = [];
  private oldest = 0;

  feed(levels: Float32Array, { loud, soft }: Thresholds): Span[] {
    for (const level of levels) {
      this.levels.push(level);
      this.loud.push(level > loud);
      this.soft.push(level > soft);
    }
    return this.finished(ROOM);
  }

  finish(): Span[] {
    return this.finished(0);
  }

  /** The stretches beyond whose end so many frames are known; what lies behind is forgotten. */
  private finished(beyond: number): Span[] {
    const spans: Span[] = [];
    for (let group = firstGroup(this.loud, this.soft); group; group = firstGroup(this.loud, this.soft)) {
      const [start] = group;
      let [, end] = group;
      if (end - start > LONGEST) {
        const searched = start + LONGEST - SEARCHED;
        end = searched + quietest(this.levels.slice(searched, start + LONGEST));
        spans.push(this.span(this.left(start), end));
      } else if (end > this.levels.length - beyond) {
        this.drop(start - ROOM);
        return spans;
      } else if (this.loud.slice(start, end).filter(Boolean).length >= LEAST_SPEECH) {
        end += roomBeside(this.levels.slice(end, end + ROOM));
        spans.push(this.span(this.left(start), end));
      }
      this.drop(end);
    }
    this.drop(this.levels.length - ROOM);
    return spans;
  }

  private span(start: number, end: number): Span {
    return [this.oldest + start, this.oldest + end];
  }

  private left(start: number): number {
    return start - roomBeside(this.levels.slice(Math.max(0, start - ROOM), start).reverse());
  }

  private drop(frames: number): void {
    const gone = Math.max(0, frames);
    for (const list of [this.levels, this.loud, this.soft]) list.splice(0, gone);
    this.oldest += gone;
  }
}

/** The first stretch that is loud, with what is soft beside it, over pauses that are short. */
function firstGroup(loud: boolean[], soft: boolean[]): Span | null {
  const joined = beside(loud, soft);
  let [start, last] = [-1, -1];
  for (let frame = 0; frame < loud.length; frame++) {
    if (!loud[frame] && !joined[frame]) continue;
    if (start < 0) start = frame;
    else if (frame - last > PAUSE) break;
    last = frame;
  }
  return start < 0 ? null : [start, last + 1];
}

/** For each frame whether it is in a run of soft ones that has a loud one. */
function beside(loud: boolean[], soft: boolean[]): boolean[] {
  const joined = new Array<boolean>(loud.length).fill(false);
  for (let start = 0; start < soft.length; start++) {
    let end = start;
    let hasLoud = false;
    for (; end < soft.length && soft[end]; end++) hasLoud ||= loud[end];
    if (hasLoud) joined.fill(true, start, end);
    start = end;
  }
  return joined;
}

/** How many frames beside loud ones belong to an utterance: all up to digital silence, else a small margin. */
function roomBeside(levels: number[]): number {
  let run = 0;
  for (let frame = 0; frame < levels.length + DEAD_RUN; frame++) {
    run = frame >= levels.length || levels[frame] <= DEAD ? run + 1 : 0;
    const nearest = frame - DEAD_RUN + 1;
    if (run >= DEAD_RUN) return nearest < levels.length ? nearest : Math.min(MARGIN, levels.length);
  }
  return Math.min(MARGIN, levels.length);
}

/** The middle of the quietest fifth of a second. */
function quietest(levels: number[]): number {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (let i = 0; i + QUIET_WIDTH <= levels.length; i++) {
    const sum = levels.slice(i, i + QUIET_WIDTH).reduce((all, each) => all + each, 0);
    if (sum < least) [best, least] = [i, sum];
  }
  return best + Math.floor(QUIET_WIDTH / 2);
}
