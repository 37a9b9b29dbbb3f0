import { useRef } from "preact/hooks";
import { clock, coloursOf, css, percent } from "../emotions";
import type { Stretch } from "../engine/types";
import type { Studio, Take } from "../studio";
import { useWatched } from "./watch";

/** A long recording as a row of coloured pieces; each plays from its beginning. Arrow keys go from one to the next. */
export function Ribbon({ take, studio }: { take: Take; studio: Studio }) {
  const player = useWatched(studio.player);
  const list = useRef<HTMLOListElement>(null);
  const colours = coloursOf(studio.engine!.model.classes);
  const segments = take.timeline!.segments;
  const here = segments.findIndex(({ start, end }) => start <= player.time && player.time < end);
  const stop = Math.max(0, here >= 0 && segments[here].emotion ? here : segments.findIndex(({ emotion }) => emotion));
  return (
    <section class="ribbon" aria-labelledby="ribbon">
      <h2 id="ribbon">Moment by moment</h2>
      <ol ref={list} onKeyDown={(event) => walk(event, list.current!)}>
        {segments.map((segment, i) => (
          <li key={segment.start} style={placed(segment, take.seconds)}>
            {segment.emotion ? (
              <button
                type="button"
                class={[segment.uncertain ? "unsure" : "", i === here && player.time > 0 ? "here" : ""].join(" ")}
                style={{ "--hue": css(colours[segment.emotion]), "--letters": segment.emotion.length }}
                tabIndex={i === stop ? 0 : -1}
                aria-label={label(segment)}
                title={label(segment)}
                onClick={() => void player.play(segment.start)}
              >
                <span aria-hidden="true">{segment.emotion}</span>
                <small aria-hidden="true">{segment.emotion.slice(0, 2)}</small>
              </button>
            ) : (
              <span class="silence" title={`${clock(segment.start)} to ${clock(segment.end)}: silence`} />
            )}
          </li>
        ))}
      </ol>
      <p class="note">Choose a piece to hear it. Striped pieces are uncertain; gaps are silence.</p>
    </section>
  );
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
