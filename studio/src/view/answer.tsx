import { type Colour, coloursOf, clock, css, percent, sharesOf, stretchAt } from "../emotions";
import type { Engine, LiveAnswer, Prediction, Scores, Stretch } from "../engine/types";
import type { Studio, Take } from "../studio";
import { type Words, wordsOnAnswer, wordsOnTimeline } from "../words";
import { useWatched } from "./watch";

interface Shown {
  about: string;
  words: Words;
  scores: Scores | null;
  sure: Scores | null; // the part of each share that is certain; null: all or nothing is
  uncertain: boolean;
  threshold: number | null; // drawn on the bars, unless null
}

/** What the model makes of the sound: now, at a moment of it, or of all of it. */
export function Answer({ studio }: { studio: Studio }) {
  const player = useWatched(studio.player);
  const { engine } = studio;
  if (!engine) return <Opening progress={studio.state.progress} />;
  const shown = whatToShow(studio, engine, player.time);
  const colours = coloursOf(engine.model.classes);
  const hue = shown.words.emotion ? css(colours[shown.words.emotion]) : "var(--ink)";
  const state = ["answer", shown.uncertain ? "unsure" : "", shown.sure ? "shares" : ""].join(" ");
  return (
    <section class={state} aria-labelledby="headline" style={{ "--hue": hue }}>
      <p class="eyebrow">{shown.about}</p>
      <h2 id="headline" class="headline">
        {shown.words.headline}
      </h2>
      <p class="below">{shown.words.below}</p>
      <Bars {...shown} classes={engine.model.classes} colours={colours} />
    </section>
  );
}

interface BarsProps extends Shown {
  classes: string[];
  colours: Record<string, Colour>;
}

function Bars({ classes, colours, scores, sure, threshold, words }: BarsProps) {
  return (
    <ul class="bars" style={{ "--threshold": threshold !== null && threshold <= 1 ? threshold : -1 }}>
      {classes.map((name) => (
        <li
          key={name}
          class={name === words.emotion ? "first" : ""}
          style={styleOf(css(colours[name]), scores?.[name], sure?.[name])}
        >
          <span class="name">{name}</span>
          <span class="track" aria-hidden="true">
            <span class="fill" />
            {sure && <span class="fill sure" />}
          </span>
          <span class="value">{scores ? percent(scores[name]) : "–"}</span>
        </li>
      ))}
    </ul>
  );
}

function styleOf(hue: string, share = 0, sure = 0): Record<string, string | number> {
  return { "--hue": hue, "--share": share, "--sure": sure };
}

function Opening({ progress }: { progress: number }) {
  return (
    <section class="answer" aria-busy="true">
      <p class="eyebrow">one moment</p>
      <h2 class="headline">waking up</h2>
      <p class="below">Fetching the model{progress > 0 ? `: ${percent(progress)}` : " …"}</p>
      <progress max={1} value={progress || undefined} aria-label="Fetching the model" />
    </section>
  );
}

function whatToShow({ state, player }: Studio, engine: Engine, time: number): Shown {
  const { model } = engine;
  const { phase, take, live } = state;
  if (phase === "recording")
    return live ? onAnswer("now", live, engine) : waiting("now", "listening", "Say something.");
  if (phase === "thinking") {
    const share = state.progress > 0 ? percent(state.progress) : "";
    return { ...waiting("one moment", "listening", `To all of it, once more. ${share}`), scores: live?.scores ?? null };
  }
  if (take?.prediction) return onAnswer("the whole clip", take.prediction, engine);
  if (take) return onTimeline(take, engine, player.playing || time > 0 ? time : null);
  return waiting("nothing heard yet", "ready", `This model tells apart ${model.classes.join(", ")}.`);
}

const waiting = (about: string, headline: string, below: string): Shown => ({
  about,
  words: { headline, below, emotion: null },
  scores: null,
  sure: null,
  uncertain: false,
  threshold: null,
});

function onAnswer(about: string, answer: Prediction | Stretch | LiveAnswer, { model }: Engine): Shown {
  const uncertain = Boolean(answer.uncertain && answer.emotion);
  const { threshold } = model;
  return {
    about,
    words: wordsOnAnswer(answer, model),
    scores: answer.scores ?? null,
    sure: null,
    uncertain,
    threshold,
  };
}

function onTimeline(take: Take, engine: Engine, time: number | null): Shown {
  const { windows, segments } = take.timeline!;
  const here = time === null ? null : stretchAt(windows, Math.min(time, take.seconds));
  if (here) return onAnswer(`at ${clock(time!)}`, here, engine);
  const { all: scores = null, sure = null } = sharesOf(segments, engine.model.classes) ?? {};
  const words = wordsOnTimeline(take, engine.model);
  const uncertain = words.headline === "uncertain";
  return { about: "all of it, as shares of the speech", words, scores, sure, uncertain, threshold: null };
}
