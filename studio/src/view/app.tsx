import { limitsOf } from "../words";
import type { State, Studio } from "../studio";
import { Answer } from "./answer";
import { CardButton } from "./card";
import { DropZone } from "./drop";
import { CloseIcon, LockIcon, Logo } from "./icons";
import { Stage } from "./stage_view";
import { TakeAway } from "./take_away";
import { Ribbon } from "./ribbon";
import { useWatched } from "./watch";

export function App({ studio }: { studio: Studio }) {
  const { state, engine } = useWatched(studio);
  const { take, phase } = state;
  return (
    <DropZone studio={studio}>
      <header class="top">
        <h1 class="brand">
          <Logo />
          <span>
            emospec <b>studio</b>
          </span>
        </h1>
        {engine && <Privacy kind={engine.kind} />}
        {engine && <CardButton model={engine.model} />}
      </header>
      <main>
        <Problem state={state} clear={() => studio.clearProblem()} />
        {phase !== "broken" && (
          <div class="work">
            <Stage studio={studio} />
            <Answer studio={studio} />
          </div>
        )}
        {engine && take?.timeline && <Ribbon take={take} studio={studio} />}
        {engine && take && <TakeAway take={take} engine={engine} />}
      </main>
      <p class="hidden" role="status">
        {state.said}
      </p>
      {engine && (
        <footer>
          <h2>What it can’t do</h2>
          {limitsOf(engine.model).map((sentence) => (
            <p>{sentence}</p>
          ))}
        </footer>
      )}
    </DropZone>
  );
}

function Privacy({ kind }: { kind: "server" | "browser" }) {
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  const words =
    kind === "browser"
      ? "Your voice stays in this browser"
      : local
        ? "Your voice stays on this computer"
        : `Your voice goes to ${location.hostname}, which keeps nothing`;
  return (
    <p class="privacy">
      <LockIcon />
      {words}
    </p>
  );
}

function Problem({ state: { problem, phase }, clear }: { state: State; clear: () => void }) {
  return (
    <div role="alert" class="alerts">
      {problem && (
        <div class="problem">
          <p>{problem}</p>
          {phase !== "broken" && (
            <button type="button" class="bare" aria-label="Dismiss this message" onClick={clear}>
              <CloseIcon />
            </button>
          )}
        </div>
      )}
    </div>
  );
}
