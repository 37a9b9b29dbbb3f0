import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { clock, coloursOf, css, percent } from "../emotions";
import type { Stretch } from "../engine/types";
import type { Studio, Take } from "../studio";
import { useWatched } from "./watch";

/**
 * A long recording as a row of coloured pieces, each as wide as it is long. A click plays from the beginning of the
 * piece that is there, however narrow; arrow keys go from one to the next.
 */
export function Ribbon({ take, studio }: { take: Take; studio: Studio }) {
  const player = useWatched(studio.player);
  const list = useRef<HTMLOListElement>(null);
  const { segments } = take.timeline!;
  const { classes } = studio.engine!.model;
  const here = segments.findIndex((segment) => holds(segment, player.time));
  const props = { segments, seconds: take.seconds, classes, here: player.time > 0 ? here : -1 };
  const pieces = useMemo(() => <Pieces {...props} />, Object.values(props)); // the player moves at every frame
  const choose = (event: MouseEvent) => {
    const start = chosen(event, list.current!, take);
    list.current!.querySelector<HTMLElement>(`[value="${start}"]`)?.focus({ preventScroll: true });
    void player.play(start);
  };
  return (
    <section class="ribbon" aria-labelledby="ribbon">
      <h2 id="ribbon">Moment by moment</h2>
      <ol ref={list} onClick={choose} onKeyDown={(event) => walk(event, list.current!)}>
        {pieces}
      </ol>
      <p class="note">Choose a piece to hear it. Striped pieces are uncertain; gaps are silence.</p>
    </section>
  );
}

const holds = ({ start, end }: Stretch, time: number): boolean => start <= time && time < end;

/** Where to play from: a key chooses the piece that has the focus, a pointer the piece or the silence below it. */
function chosen(event: MouseEvent, list: HTMLElement, { timeline, seconds }: Take): number {
  const button = event.detail === 0 && (event.target as Element).closest("button");
  if (button) return Number(button.value);
  const { left, width } = list.getBoundingClientRect();
  const time = Math.max(0, Math.min(1, (event.clientX - left) / width)) * seconds;
  const segment = timeline!.segments.find((each) => each.emotion && holds(each, time));
  return segment?.start ?? time;
}

interface PiecesProps {
  segments: Stretch[];
  seconds: number;
  classes: string[];
  here: number; // the segment that is played, or -1
}

function Pieces({ segments, seconds, classes, here }: PiecesProps): JSX.Element[] {
  const colours = coloursOf(classes);
  const stop = Math.max(0, segments[here]?.emotion ? here : segments.findIndex(({ emotion }) => emotion));
  return segments.map((segment, i) => (
    <li key={segment.start} style={placed(segment, seconds)}>
      {segment.emotion ? (
        <button
          type="button"
          value={String(segment.start)}
          class={[segment.uncertain ? "unsure" : "", i === here ? "here" : ""].join(" ")}
          style={{ "--hue": css(colours[segment.emotion]), "--letters": segment.emotion.length }}
          tabIndex={i === stop ? 0 : -1}
          aria-label={label(segment)}
          title={label(segment)}
        >
          <span aria-hidden="true">{segment.emotion}</span>
          <small aria-hidden="true">{segment.emotion.slice(0, 2)}</small>
        </button>
      ) : (
        <span class="silence" title={`${clock(segment.start)} to ${clock(segment.end)}: silence`} />
      )}
    </li>
  ));
}

function placed({ start, end }: Stretch, seconds: number): Record<string, string> {
  return { left: `${(100 * start) / seconds}%`, width: `${(100 * (end - start)) / seconds}%` };
}

function label({ start, end, emotion, confidence, uncertain }: Stretch): string {
  const doubt = uncertain ? "uncertain, closest to " : "";
  const share = confidence == null ? "" : `, ${percent(confidence)}`;
  return `${clock(start)} to ${clock(end)}: ${doubt}${emotion}${share}`;
}

const STEPS: Record<string, (at: number, n: number) => number> = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  Home: () => 0,
  End: (_, n) => n - 1,
};

function walk(event: KeyboardEvent, list: HTMLOListElement): void {
  const buttons = [...list.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const next = STEPS[event.key]?.(at, buttons.length);
  if (next === undefined) return;
  event.preventDefault();
  buttons[Math.min(buttons.length - 1, Math.max(0, next))]?.focus();
}
