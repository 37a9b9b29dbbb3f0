import { joined } from "../../sound/joined";
import { HOP, levelsOf, loudestOf, type Thresholds, thresholdsOf } from "./levels";
import { SpanFinder } from "./spans";

const PAGE = Math.round(20 / HOP); // frames; noise and loudness are those of a page and its neighbours

/** A stretch of speech, in samples of the recording. */
export interface Utterance {
  start: number;
  end: number;
}

/** The stretches of speech in a recording, in order. */
export function utterancesIn(sound: Float32Array, rate: number): Utterance[] {
  const hop = Math.round(HOP * rate);
  const pages = pagesOf(sound, hop * PAGE).map((page) => levelsOf(page, rate));
  const finder = new SpanFinder();
  const thresholds = thresholdsOn(pages);
  const spans = pages.flatMap((page, i) => finder.feed(page, thresholds[i]));
  return [...spans, ...finder.finish()].map(([start, end]) => ({
    start: start * hop,
    end: Math.min(end * hop, sound.length),
  }));
}

function pagesOf(sound: Float32Array, length: number): Float32Array[] {
  const n = Math.ceil(sound.length / length);
  return Array.from({ length: n }, (_, i) => sound.subarray(i * length, (i + 1) * length));
}

/** For each page the levels above which somebody speaks, by what stands on it and on both its neighbours. */
function thresholdsOn(pages: Float32Array[]): Thresholds[] {
  let loudest = Number.NEGATIVE_INFINITY;
  return pages.map((_, i) => {
    const around = joined(pages.slice(Math.max(0, i - 1), i + 2));
    loudest = loudestOf(around, loudest);
    return thresholdsOf(around, loudest);
  });
}
