// Which part of the spectrogram spoke for an answer, as `emospec.explain` finds it: blocks at random places are
// silenced, many times over; a cell's heat is how much the answer loses when it is among them (RISE, Petsiuk 2018).

import { checkSound, type Judge } from "./judge";
import type { Explanation, Mel, Progress } from "./types";

const MASKS = 240; // fewer than on a server: the browser has one thread for them
const AT_ONCE = 12;
const BLOCKS = 15; // in a row and in a column of the picture
const SHARE = 0.2; // of the blocks that one mask silences

/** What the network sees: rows of cells, 0 is silence. */
export interface Picture {
  cells: Float32Array;
  height: number;
  width: number;
}

export async function explain(sound: Float32Array, judge: Judge, progress: Progress): Promise<Explanation> {
  checkSound(sound, judge.rate);
  const picture = await judge.network.picture(sound);
  const [row] = await judge.network.scorePictures([picture]);
  const answer = judge.prediction(row, sound.length / judge.rate);
  const heat = await heatOf(picture, judge, judge.network.classes.indexOf(answer.emotion), progress);
  const rounded = Array.from(heat, (each) => Math.round(each * 1e4) / 1e4);
  const rows = Array.from({ length: picture.height }, (_, y) =>
    rounded.slice(y * picture.width, (y + 1) * picture.width),
  );
  return { ...answer, heat: rows, ...secondsOf(sound.length, judge.mel) };
}

async function heatOf(picture: Picture, judge: Judge, label: number, progress: Progress): Promise<Float32Array> {
  if (!picture.cells.some(Boolean)) return new Float32Array(picture.cells.length); // nothing can be silenced
  const [first, last] = soundingColumns(picture);
  const random = generator(0);
  const masks = Array.from({ length: MASKS }, () => randomMask(picture, first, last, random));
  const odds: number[] = [];
  for (let at = 0; at < MASKS; at += AT_ONCE) {
    const covered = masks.slice(at, at + AT_ONCE).map((mask) => silenced(picture, mask));
    const rows = await judge.network.scorePictures(covered);
    odds.push(...rows.map((row) => logarithm(row[label]) - logarithm(1 - row[label])));
    progress((at + AT_ONCE) / MASKS);
  }
  return scaled(losses(masks, odds));
}

const logarithm = (share: number): number => Math.log(Math.max(share, 1e-6));

function silenced({ cells, height, width }: Picture, mask: Uint8Array): Picture {
  return { cells: cells.map((cell, i) => (mask[i] ? 0 : cell)), height, width };
}

/** The first column that holds sound, and the one after the last. */
function soundingColumns({ cells, height, width }: Picture): [number, number] {
  const sounds = (x: number) => Array.from({ length: height }, (_, y) => cells[y * width + x]).some(Boolean);
  const columns = Array.from({ length: width }, (_, x) => x).filter(sounds);
  return [columns[0], columns[columns.length - 1] + 1];
}

/** A mask with blocks at random places, whose grid is shifted at random. */
function randomMask({ height, width }: Picture, first: number, last: number, random: () => number): Uint8Array {
  const [tall, wide] = [Math.ceil(height / BLOCKS), Math.ceil((last - first) / BLOCKS)];
  const blocks = Array.from({ length: (BLOCKS + 1) ** 2 }, () => random() < SHARE);
  const [down, right] = [Math.floor(random() * tall), Math.floor(random() * wide)];
  const mask = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y + down) / tall) * (BLOCKS + 1);
    for (let x = first; x < last; x++)
      mask[y * width + x] = Number(blocks[row + Math.floor((x - first + right) / wide)]);
  }
  return mask;
}

/** The slope of the log-odds on whether a cell is silenced, with the sign turned. */
function losses(masks: Uint8Array[], odds: number[]): Float32Array {
  const mean = odds.reduce((sum, each) => sum + each, 0) / odds.length;
  return Float32Array.from({ length: masks[0].length }, (_, cell) => {
    const share = masks.reduce((sum, mask) => sum + mask[cell], 0) / masks.length;
    let [shared, spread] = [0, 0];
    masks.forEach((mask, i) => {
      shared += (odds[i] - mean) * (mask[cell] - share);
      spread += (mask[cell] - share) ** 2;
    });
    return -shared / Math.max(spread, 1e-6);
  });
}

function scaled(heat: Float32Array): Float32Array {
  const greatest = heat.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  return greatest ? heat.map((each) => each / greatest) : heat;
}

/** Where in a sound its picture begins and ends; frames are centred on their times. */
function secondsOf(
  samples: number,
  { width, hop_length: hop, sample_rate: rate }: Mel,
): { start: number; end: number } {
  const beyond = width - (1 + Math.floor(samples / hop));
  const first = beyond > 0 ? -Math.floor(beyond / 2) : Math.floor(-beyond / 2);
  const start = ((first - 0.5) * hop) / rate;
  return { start, end: start + (width * hop) / rate };
}

/** Numbers from 0 to 1 that are the same each time: the same sound gets the same picture (Mulberry32, T. Ettinger). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
