import { useEffect, useRef, useState } from "preact/hooks";
import { paintIdle } from "../draw/idle";
import { paint, type Scene } from "../draw/stage";
import { clock, coloursOf, duration, stretchAt } from "../emotions";
import type { Engine, LiveAnswer, Prediction, Stretch } from "../engine/types";
import type { Recording } from "../sound/recording";
import type { State, Studio } from "../studio";
import { Controls } from "./controls";
import { prefersStillness, useWatched } from "./watch";

const VIEW = 6; // seconds of a recording that are seen at once

/** The dark screen: the sound as waveform and spectrogram, and below it what can be done. */
export function Stage({ studio }: { studio: Studio }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [heat, setHeat] = useState(false);
  const { state, engine } = studio;
  useEffect(() => setHeat(false), [state.take?.sound]);
  useEffect(() => keepPainted(canvas.current!, studio, heat), [state.phase, state.picture, state.take, heat, engine]);
  return (
    <section class="stage" aria-label="The sound">
      <div class="screen">
        <canvas ref={canvas} aria-hidden="true" />
        {state.take && state.picture && (
          <Seeker studio={studio} seconds={state.take.seconds} view={viewOf(state, heat)} />
        )}
        {!state.picture && !state.recording && <Invitation state={state} />}
        {state.phase === "recording" && state.recording && <Timer recording={state.recording} />}
        {state.phase === "thinking" && <span class="shimmer" />}
      </div>
      {heat && state.take && <Legend state={state} />}
      <Controls studio={studio} heat={heat} setHeat={setHeat} />
    </section>
  );
}

/** Paint once, and again when the size changes or something moves. */
function keepPainted(canvas: HTMLCanvasElement, studio: Studio, heat: boolean): () => void {
  let frame = 0;
  const draw = (now: number) => {
    cancelAnimationFrame(frame);
    const scene = sceneOf(studio, heat);
    if (scene) paint(canvas, scene);
    else paintIdle(canvas, idleColours(studio), prefersStillness() ? 3 : now / 1000);
    if (studio.state.phase === "recording" || (!scene && !prefersStillness())) frame = requestAnimationFrame(draw);
  };
  const sizes = new ResizeObserver(() => draw(performance.now()));
  sizes.observe(canvas);
  return () => {
    sizes.disconnect();
    cancelAnimationFrame(frame);
  };
}

function idleColours({ engine }: Studio): string[] {
  return Object.values(coloursOf(engine?.model.classes ?? ["sad"])).map(({ dark }) => dark);
}

function sceneOf({ state, engine }: Studio, heat: boolean): Scene | null {
  const { recording, picture, take, phase } = state;
  if (!engine) return null;
  const { mel } = engine.model.facts;
  const topHertz = mel.fmax ?? mel.sample_rate / 2;
  if (phase === "recording" && recording) {
    const from = Math.max(0, recording.seconds - VIEW);
    return {
      picture: recording.picture,
      from,
      to: from + VIEW,
      colourAt: colourOfLive(recording, engine),
      heat: null,
      topHertz,
    };
  }
  if (!picture) return null;
  const answerAt = (time: number) => take?.prediction ?? (take?.timeline && stretchAt(take.timeline.segments, time));
  const colourAt =
    !take && recording ? colourOfLive(recording, engine) : (time: number) => colourOf(answerAt(time), engine);
  return { picture, ...viewOf(state, heat), colourAt, heat: (heat && take?.explanations.at(-1)) || null, topHertz };
}

/** What is seen of a sound, in seconds: all of it, but of a long one only the moment that is explained. */
function viewOf({ take, picture }: State, heat: boolean): { from: number; to: number } {
  const whole = { from: 0, to: take?.seconds ?? picture?.seconds ?? 1 };
  const explained = take?.timeline && heat ? take.explanations.at(-1) : null;
  return explained ? { from: Math.max(0, explained.start), to: Math.min(whole.to, explained.end) } : whole;
}

function colourOfLive(recording: Recording, engine: Engine): (time: number) => string {
  return (time) => colourOf(recording.emotionAt(time), engine);
}

const PALE = "rgb(255 255 255 / 0.45)";

function colourOf(answer: LiveAnswer | Prediction | Stretch | null | undefined, { model }: Engine): string {
  if (!answer?.emotion) return PALE;
  const { dark } = coloursOf(model.classes)[answer.emotion];
  return answer.uncertain ? `${dark}80` : dark; // half seen through
}

interface SeekerProps {
  studio: Studio;
  seconds: number;
  view: { from: number; to: number };
}

/** The position in the sound: a line that follows the player, and that a click or the arrow keys move. */
function Seeker({ studio, seconds, view: { from, to } }: SeekerProps) {
  const player = useWatched(studio.player);
  const step = seconds > 30 ? 1 : seconds / 30;
  const keys: Record<string, () => void> = {
    ArrowLeft: () => player.seek(player.time - step),
    ArrowRight: () => player.seek(player.time + step),
    Home: () => player.seek(0),
    End: () => player.seek(seconds),
    Enter: () => (player.playing ? player.pause() : void player.play()),
    " ": () => (player.playing ? player.pause() : void player.play()),
  };
  return (
    <div
      class="seeker"
      role="slider"
      tabIndex={0}
      aria-label="Position in the sound; Enter plays"
      aria-valuemin={0}
      aria-valuemax={Number(seconds.toFixed(2))}
      aria-valuenow={Number(player.time.toFixed(2))}
      aria-valuetext={`${duration(player.time, 1)} of ${duration(seconds, 1)}`}
      onPointerDown={(event) =>
        void player.play(from + (event.offsetX / event.currentTarget.clientWidth) * (to - from))
      }
      onKeyDown={(event) => {
        if (!(event.key in keys)) return;
        event.preventDefault();
        keys[event.key]();
      }}
    >
      {from <= player.time && player.time <= to && (
        <span class="cursor" style={{ left: `${(100 * (player.time - from)) / (to - from)}%` }} />
      )}
    </div>
  );
}

function Invitation({ state: { phase, take } }: { state: State }) {
  if (take)
    return <p class="invitation small">This browser can’t draw or play this file, but the server has heard it.</p>;
  if (phase === "thinking") return <p class="invitation small">Reading the file …</p>;
  if (phase === "asking") return <p class="invitation small">Your browser asks whether this page may hear you.</p>;
  if (phase === "opening") return <p class="invitation">One moment.</p>;
  return (
    <p class="invitation">
      Say something.
      <small>
        Record with the button below, or choose a file<span class="wide">; you can drop it here</span>.
      </small>
    </p>
  );
}

function Timer({ recording }: { recording: Recording }) {
  return (
    <p class="timer" aria-hidden="true">
      {clock(recording.seconds)}
    </p>
  );
}

function Legend({ state: { take, explaining, progress } }: { state: State }) {
  if (explaining)
    return (
      <p class="legend">Covering the sound piece by piece … {progress > 0 && `${Math.round(100 * progress)} %`}</p>
    );
  const answer = take?.explanations.at(-1)?.emotion;
  return (
    answer && (
      <p class="legend">
        <span class="for" /> spoke for “{answer}”
        <span class="against" /> against it
      </p>
    )
  );
}
