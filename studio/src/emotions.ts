import type { Scores, Stretch } from "./engine/types";

/**
 * Colours of the emotions on light and on dark paper. They were searched for so that those of one class set stay apart
 * in protanopia, deuteranopia and tritanopia too, with a contrast of at least 3 against the paper; a test holds that.
 */
const COLOURS: Record<string, [light: string, dark: string]> = {
  angry: ["#b02a0c", "#f4521f"],
  fear: ["#7e2bb0", "#dda3d9"],
  happy: ["#b3840f", "#ffe27a"],
  sad: ["#088dfc", "#5a86ff"],
  neutral: ["#424456", "#8a8194"],
  disgust: ["#396a56", "#7acb72"],
  surprise: ["#318299", "#b5fbff"],
  calm: ["#183936", "#66cfc6"],
  boredom: ["#614409", "#a29784"],
};

const SPARE = Object.values(COLOURS);

export interface Colour {
  light: string;
  dark: string;
}

/** The colour of each class; one whose name is not known takes one that no other class has, while there are any. */
export function coloursOf(classes: string[]): Record<string, Colour> {
  const taken = new Set(classes.map((name) => COLOURS[name]).filter(Boolean));
  const left = SPARE.filter((pair) => !taken.has(pair));
  return Object.fromEntries(
    classes.map((name, i) => {
      const [light, dark] = COLOURS[name] ?? left.shift() ?? SPARE[i % SPARE.length];
      return [name, { light, dark }];
    }),
  );
}

/** A colour for either paper, in the words of CSS. */
export const css = ({ light, dark }: Colour): string => `light-dark(${light}, ${dark})`;

export const percent = (share: number): string => `${Math.round(100 * share)}\u00a0%`;

/** Minutes and seconds, and hours where there are any, as a player shows them. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const parts = hours ? [hours, twoDigits(minutes)] : [minutes];
  return [...parts, twoDigits(whole % 60)].join(":");
}

const twoDigits = (n: number): string => String(n).padStart(2, "0");

/** A length of time in words: "4 s", "4.2 s" if it has digits, from a minute on "1:24 min", and "1:02:03 h". */
export function duration(seconds: number, digits = 0): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${seconds.toFixed(digits)} s`;
  return `${clock(whole)} ${whole < 3600 ? "min" : "h"}`;
}

/** How long somebody speaks, and which shares of that sound like each class: surely, and in all. */
export interface Shares {
  seconds: number;
  sure: Scores;
  all: Scores;
}

/** Null if nobody speaks. */
export function sharesOf(segments: Stretch[], classes: string[]): Shares | null {
  const spoken = segments.filter(({ emotion }) => emotion !== null);
  const seconds = spoken.reduce((sum, { start, end }) => sum + end - start, 0);
  if (!seconds) return null;
  const nothing = Object.fromEntries(classes.map((name) => [name, 0]));
  const [sure, all] = [{ ...nothing }, { ...nothing }];
  for (const { emotion, start, end, uncertain } of spoken) {
    all[emotion!] += (end - start) / seconds;
    if (!uncertain) sure[emotion!] += (end - start) / seconds;
  }
  return { seconds, sure, all };
}

/** The stretch whose middle is nearest to a time, of those that hold it. */
export function stretchAt(stretches: Stretch[], time: number): Stretch | null {
  const distance = ({ start, end }: Stretch) => Math.abs((start + end) / 2 - time);
  return stretches
    .filter(({ start, end }) => start <= time && time <= end)
    .reduce<Stretch | null>((best, each) => (best && distance(best) <= distance(each) ? best : each), null);
}

export function leader(scores: Scores): string {
  return Object.keys(scores).reduce((best, name) => (scores[name] > scores[best] ? name : best));
}
