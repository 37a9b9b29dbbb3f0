import { useRef } from "preact/hooks";
import { stretchAt } from "../emotions";
import type { Stretch } from "../engine/types";
import type { Studio, Take } from "../studio";
import { FolderIcon, GlowIcon, PauseIcon, PlayIcon } from "./icons";
import { useWatched } from "./watch";

interface Props {
  studio: Studio;
  heat: boolean;
  setHeat: (on: boolean) => void;
}

/** The row below the screen: a file, the microphone, and what can be done with a sound. */
export function Controls({ studio, heat, setHeat }: Props) {
  const { state } = studio;
  return (
    <div class="controls">
      <div class="side">
        <FileButton studio={studio} />
      </div>
      <RecordButton studio={studio} />
      <div class="side end">
        {state.take && state.picture && <PlayButton studio={studio} />}
        {state.take && state.picture && <HeatButton studio={studio} take={state.take} heat={heat} setHeat={setHeat} />}
      </div>
    </div>
  );
}

function RecordButton({ studio }: { studio: Studio }) {
  const { phase, recording } = studio.state;
  const on = phase === "recording";
  return (
    <button
      type="button"
      class={on ? "record on" : "record"}
      aria-disabled={!on && phase !== "ready"}
      style={{ "--level": on ? (recording?.level ?? 0) : 0 }}
      onClick={() => void (on ? studio.stop() : studio.record())}
    >
      <span class="dot" />
      <span class="hidden">{on ? "Stop recording" : "Record with the microphone"}</span>
    </button>
  );
}

function FileButton({ studio }: { studio: Studio }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class="tool"
        aria-disabled={studio.busy}
        onClick={() => studio.busy || input.current?.click()}
      >
        <FolderIcon />
        <span class="wide">Choose a file</span>
        <span class="narrow">File</span>
      </button>
      <input
        ref={input}
        type="file"
        accept="audio/*,video/*"
        hidden
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file) void studio.choose(file);
          currentTarget.value = ""; // so that the same file can be chosen again
        }}
      />
    </>
  );
}

function PlayButton({ studio }: { studio: Studio }) {
  const player = useWatched(studio.player);
  return (
    <button type="button" class="tool" onClick={() => (player.playing ? player.pause() : void player.play())}>
      {player.playing ? <PauseIcon /> : <PlayIcon />}
      <span>{player.playing ? "Pause" : "Play"}</span>
    </button>
  );
}

function HeatButton({ studio, take, heat, setHeat }: Props & { take: Take }) {
  const player = useWatched(studio.player);
  const target = targetOf(take, player.time);
  if (!target) return null;
  const known = take.explanations.some(({ start, end }) => start <= middle(target) && middle(target) <= end);
  const press = () => {
    if (studio.state.explaining) return;
    player.pause();
    if (take.timeline && player.time === 0) player.seek(middle(target));
    setHeat(!(heat && known));
    if (!known) void studio.explain(target.start, target.end);
  };
  return (
    <button type="button" class="tool" aria-pressed={heat} aria-disabled={studio.state.explaining} onClick={press}>
      <GlowIcon />
      <span>
        Why<span class="wide"> this answer</span>?
      </span>
    </button>
  );
}

const middle = ({ start, end }: Stretch): number => (start + end) / 2;

/** What there is to explain: all of a short sound; of a long one the moment that is played, or its clearest one. */
function targetOf(take: Take, time: number): Stretch | null {
  if (take.prediction) return { start: 0, end: take.seconds, emotion: take.prediction.emotion };
  const spoken = take.timeline?.windows.filter(({ emotion }) => emotion) ?? [];
  const here = time > 0 ? stretchAt(spoken, time) : null;
  return (
    here ??
    spoken.reduce<Stretch | null>((best, each) => ((best?.confidence ?? -1) >= each.confidence! ? best : each), null)
  );
}
