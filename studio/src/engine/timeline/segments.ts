// Utterances as stretches of one emotion each: as in `emospec.segments`.

import type { Judge } from "../judge";
import type { Utterance } from "./utterances";

const CHANGE_COST = 0.5; // nats that the windows must gain for an emotion to change
const STEP = 0.1; // s between the places that are tried for a change
const REACH = 1.5; // s of sound on each side that are asked
const LEAST_PIECE = 0.5; // s: shorter pieces of sound say too little
const LEAST_SHARE = 1e-6; // probabilities below count as this

/** A stretch of a recording, in samples, and the probability of each emotion in it. */
export interface Scored {
  start: number;
  end: number;
  scores: Float32Array;
}

const lengthOf = ({ start, end }: Utterance): number => end - start;
const middleOf = ({ start, end }: Utterance): number => Math.floor((start + end) / 2);
const logarithm = (share: number): number => Math.log(Math.max(share, LEAST_SHARE));

export function greatest(scores: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
  return best;
}

/** Divide an utterance into stretches of one emotion; `pieces` are scored parts of it, which overlap. */
export async function segmentsOf(
  utterance: Utterance,
  pieces: Scored[],
  sound: Float32Array,
  judge: Judge,
  share: number,
): Promise<Scored[]> {
  const whole = Math.max(...pieces.map(lengthOf));
  const classes = smoothed(
    pieces.map(({ scores }) => scores),
    pieces.map((piece) => (share * lengthOf(piece)) / whole),
  );
  const edges = [utterance.start];
  for (let place = 1; place < pieces.length; place++) {
    if (classes[place] === classes[place - 1]) continue;
    const [left, right] = [middleOf(pieces[place - 1]), middleOf(pieces[place])];
    const about = Math.floor((left + right) / 2);
    const reach = right - left || 1;
    const earliest = Math.max(about - reach, edges[edges.length - 1]);
    const change = { before: classes[place - 1], after: classes[place], earliest, latest: about + reach };
    edges.push(await sharpened(change, utterance, sound, judge));
  }
  edges.push(utterance.end);
  return edges.slice(1).flatMap((end, i) => (end > edges[i] ? [between(edges[i], end, pieces)] : []));
}

interface Change {
  before: number;
  after: number;
  earliest: number;
  latest: number;
}

/** The sample at which the sound before speaks most for the one class, and that after for the other. */
async function sharpened(
  change: Change,
  { start, end }: Utterance,
  sound: Float32Array,
  judge: Judge,
): Promise<number> {
  const [least, reach, step] = [LEAST_PIECE, REACH, STEP].map((seconds) => Math.round(seconds * judge.rate));
  const [earliest, latest] = [Math.max(change.earliest, start + least), Math.min(change.latest, end - least)];
  const places: number[] = [];
  for (let place = earliest; place <= latest; place += step) places.push(place);
  if (!places.length)
    return Math.max(change.earliest, Math.min(Math.floor((change.earliest + change.latest) / 2), end));
  const before = places.map((place) => sound.subarray(Math.max(start, place - reach), place));
  const after = places.map((place) => sound.subarray(place, Math.min(end, place + reach)));
  const rows = await judge.network.score([...before, ...after]);
  const gains = places.map(
    (_, i) => logarithm(rows[i][change.before]) + logarithm(rows[places.length + i][change.after]),
  );
  return places[greatest(gains)];
}

/** A stretch whose scores are those of the pieces, by how much of it they hear. */
function between(start: number, end: number, pieces: Scored[]): Scored {
  const overlaps = pieces.map((piece) => Math.max(0, Math.min(end, piece.end) - Math.max(start, piece.start)));
  return {
    start,
    end,
    scores: averaged(
      pieces.map(({ scores }) => scores),
      overlaps,
    ),
  };
}

function averaged(rows: Float32Array[], weights: number[]): Float32Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return rows[0].map((_, i) => rows.reduce((sum, row, k) => sum + row[i] * weights[k], 0) / total);
}

/** Join stretches of one emotion that touch. */
export function merged(stretches: Scored[]): Scored[] {
  const kept: Scored[] = [];
  for (const stretch of stretches) {
    const last = kept.at(-1);
    if (last?.end === stretch.start && greatest(last.scores) === greatest(stretch.scores)) {
      const scores = averaged([last.scores, stretch.scores], [lengthOf(last), lengthOf(stretch)]);
      kept[kept.length - 1] = { start: last.start, end: stretch.end, scores };
    } else kept.push(stretch);
  }
  return kept;
}

/** The class of each window: the most likely sequence if each change costs something (Viterbi 1967). */
function smoothed(rows: Float32Array[], weights: number[]): number[] {
  const gains = rows.map((row, i) => Array.from(row, (share) => logarithm(share) * weights[i]));
  let total = gains[0];
  const cameFrom: number[][] = [];
  for (const gain of gains.slice(1)) {
    const best = greatest(total);
    const changed = total[best] - CHANGE_COST;
    cameFrom.push(total.map((each, i) => (each >= changed ? i : best)));
    total = total.map((each, i) => Math.max(each, changed) + gain[i]);
  }
  const path = [greatest(total)];
  for (const from of cameFrom.reverse()) path.unshift(from[path[0]]);
  return path;
}
