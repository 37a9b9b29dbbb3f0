import { clock } from "../emotions";
import type { Explanation } from "../engine/types";
import { hertzToMel } from "../sound/mel";
import type { Picture } from "../sound/picture";
import { GREY, LOUDNESS } from "./colour_map";

/** All that the stage shows. */
export interface Scene {
  picture: Picture;
  from: number; // seconds at the left edge
  to: number;
  colourAt: (seconds: number) => string; // of the waveform
  heat: Explanation | null;
  topHertz: number;
}

export const WAVE_SHARE = 0.36; // of the height; the spectrogram has the rest
const AXIS = 20; // pixels for the times
const PAPER = "#100d18";
const FAINT = "rgb(255 255 255 / 0.13)";
const LABEL = "rgb(255 255 255 / 0.62)";
const RIM = "rgb(0 0 0 / 0.5)"; // of words above the picture

export function paint(canvas: HTMLCanvasElement, scene: Scene): void {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d", { alpha: false })!;
  pen.reset();
  pen.scale(ratio, ratio);
  pen.fillStyle = PAPER;
  pen.fillRect(0, 0, width, height);
  const middle = Math.round((height - AXIS) * WAVE_SHARE);
  paintSpectrogram(pen, scene, { x: 0, y: middle, width, height: height - AXIS - middle });
  paintWave(pen, scene, { x: 0, y: 0, width, height: middle });
  paintFrequencies(pen, scene, { x: 0, y: middle, width, height: height - AXIS - middle });
  paintTimes(pen, scene, { x: 0, y: height - AXIS, width, height: AXIS });
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

type Pen = CanvasRenderingContext2D;

function paintSpectrogram(pen: Pen, scene: Scene, box: Box): void {
  pen.imageSmoothingEnabled = true;
  pen.imageSmoothingQuality = "high";
  const { picture, from, to } = scene;
  const [first, last] = [from, to].map((seconds) => Math.round((seconds * picture.rate) / picture.hop));
  const columns = Math.max(1, last - first);
  pen.drawImage(
    spectrogram(picture, first, columns, scene.heat ? GREY : LOUDNESS),
    box.x,
    box.y,
    box.width,
    box.height,
  );
  if (scene.heat) paintHeat(pen, scene.heat, scene, box);
}

function spectrogram(picture: Picture, first: number, columns: number, table: Uint32Array): OffscreenCanvas {
  const canvas = new OffscreenCanvas(columns, picture.height);
  const pen = canvas.getContext("2d")!;
  const image = pen.createImageData(columns, picture.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let row = 0; row < picture.height; row++) {
    for (let column = 0; column < columns; column++) {
      pixels[row * columns + column] = table[picture.band(first + column, picture.height - 1 - row)];
    }
  }
  pen.putImageData(image, 0, 0);
  return canvas;
}

/** What spoke for the answer glows orange, what spoke against it blue: a pair that the colour-blind tell apart. */
function paintHeat(pen: Pen, { heat, start, end }: Explanation, { from, to }: Scene, box: Box): void {
  const [rows, columns] = [heat.length, heat[0].length];
  const greatest = Math.max(1e-9, ...heat.flat().map(Math.abs));
  const canvas = new OffscreenCanvas(columns, rows);
  const inner = canvas.getContext("2d")!;
  const image = inner.createImageData(columns, rows);
  heat.flat().forEach((value, i) => {
    const strength = Math.abs(value) / greatest;
    image.data.set(value > 0 ? [255, 150 + 90 * strength, 40 + 120 * strength] : [70, 150, 255], 4 * i);
    image.data[4 * i + 3] = 235 * strength ** 1.2;
  });
  inner.putImageData(image, 0, 0);
  const smooth = shrunk(canvas, 2.5);
  const scale = box.width / (to - from);
  pen.save();
  pen.beginPath();
  pen.rect(box.x, box.y, box.width, box.height);
  pen.clip();
  pen.drawImage(smooth, box.x + (start - from) * scale, box.y, (end - start) * scale, box.height);
  pen.restore();
}

/** A picture with fewer cells: each is the mean of several, so that the chance of single ones is not seen. */
function shrunk(canvas: OffscreenCanvas, factor: number): OffscreenCanvas {
  const small = new OffscreenCanvas(Math.ceil(canvas.width / factor), Math.ceil(canvas.height / factor));
  const pen = small.getContext("2d")!;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(canvas, 0, 0, small.width, small.height);
  return small;
}

const BAR = 3; // pixels from one bar of the waveform to the next

function paintWave(pen: Pen, { picture, from, to, colourAt }: Scene, box: Box): void {
  const columnsPerSecond = picture.rate / picture.hop;
  const centre = box.y + box.height / 2;
  const reach = box.height / 2 - 6;
  pen.lineCap = "round";
  pen.lineWidth = 2;
  for (let x = BAR / 2; x < box.width; x += BAR) {
    const time = from + ((to - from) * x) / box.width;
    const step = ((to - from) * BAR) / box.width;
    if (time < 0 || time > picture.seconds) continue;
    const column = Math.floor((time - step / 2) * columnsPerSecond);
    const [least, greatest] = picture.extremes(column, column + Math.max(1, Math.ceil(step * columnsPerSecond)));
    pen.strokeStyle = colourAt(time);
    pen.beginPath();
    pen.moveTo(x, centre - reach * lifted(greatest) - 0.5);
    pen.lineTo(x, centre + reach * lifted(-least) + 0.5);
    pen.stroke();
  }
}

/** Quiet voices are seen as well: the eye gets the root of the level. */
const lifted = (level: number): number => Math.min(1, Math.max(0, level)) ** 0.6;

function paintFrequencies(pen: Pen, { topHertz }: Scene, box: Box): void {
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  for (const hertz of [500, 1000, 2000, 4000]) {
    if (hertz >= topHertz) continue;
    const y = box.y + box.height * (1 - hertzToMel(hertz) / hertzToMel(topHertz));
    pen.fillStyle = FAINT;
    pen.fillRect(box.x, y, box.width, 0.5);
    paintOverPicture(pen, hertz < 1000 ? `${hertz} Hz` : `${hertz / 1000} kHz`, box.x + 8, y - 7);
  }
}

/** Words with a dark rim, which can be read where the picture is bright as well. */
function paintOverPicture(pen: Pen, words: string, x: number, y: number): void {
  pen.strokeStyle = RIM;
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  pen.strokeText(words, x, y);
  pen.fillStyle = LABEL;
  pen.fillText(words, x, y);
}

const STEPS = [0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];

function paintTimes(pen: Pen, { from, to }: Scene, box: Box): void {
  const wanted = ((to - from) * 72) / box.width;
  const step = STEPS.find((each) => each >= wanted) ?? 1200;
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
    if (time < 0) continue;
    const x = box.x + ((time - from) / (to - from)) * box.width;
    pen.fillStyle = FAINT;
    pen.fillRect(x, box.y, 0.5, 4);
    if (x > 0 && (x < 24 || x > box.width - 24)) continue; // no room for the words
    pen.fillStyle = LABEL;
    pen.textAlign = x ? "center" : "left";
    pen.fillText(timeLabel(time, step), x || 8, box.y + 11);
  }
}

function timeLabel(time: number, step: number): string {
  if (time >= 60) return clock(Math.round(time));
  return `${step < 1 ? time.toFixed(step < 0.5 ? 2 : 1) : Math.round(time)} s`;
}
