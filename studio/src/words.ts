import type { LiveAnswer, Model, Prediction, Stretch } from "./engine/types";
import { duration, percent, sharesOf, leader } from "./emotions";
import type { Take } from "./studio";

/** The headline and the line below it. */
export interface Words {
  headline: string;
  below: string;
  emotion: string | null; // which colour the headline has
}

export function wordsOnAnswer(answer: Prediction | Stretch | LiveAnswer, model: Model): Words {
  const { emotion, confidence, uncertain } = answer;
  if (emotion === null || confidence == null)
    return { headline: "no voice", below: "Nobody speaks here.", emotion: null };
  if (uncertain) {
    return {
      headline: "uncertain",
      below: `Closest to ${emotion}, ${percent(confidence)}. ${barOf(model)}`,
      emotion: null,
    };
  }
  return { headline: emotion, below: `${percent(confidence)} sure. ${trustOf(model)}`, emotion };
}

function barOf({ threshold }: Model): string {
  if (threshold === null) return "";
  return threshold > 1 ? "This model is never sure enough." : `It counts as an answer from ${percent(threshold)} on.`;
}

function trustOf({ threshold, facts }: Model): string {
  if (threshold === null || threshold > 1 || !facts.calibration) return "";
  return `When it was above ${percent(threshold)}, it was right ${percent(facts.calibration.stated_accuracy)} of the time.`;
}

export function wordsOnTimeline(take: Take, model: Model): Words {
  const found = sharesOf(take.timeline?.segments ?? [], model.classes);
  if (!found) return { headline: "no voice", below: "Nobody speaks in this recording.", emotion: null };
  const sure = Object.values(found.sure).reduce((sum, share) => sum + share, 0);
  const first = leader(found.sure);
  const speech = `the ${duration(found.seconds)} in which somebody speaks`;
  if (sure === 0) return { headline: "uncertain", below: `It is sure of nothing in ${speech}.`, emotion: null };
  const below = `It is sure of ${percent(sure)} of ${speech}; more of that is ${first} than anything else.`;
  if (sure < 0.5) return { headline: "uncertain", below, emotion: null };
  if (found.sure[first] < 0.5) return { headline: "mixed", below, emotion: null };
  if (found.sure[first] > 0.995) return { headline: first, below: `All of ${speech}.`, emotion: first };
  return { headline: `mostly ${first}`, below: `${percent(found.sure[first])} of ${speech}.`, emotion: first };
}

/** The answer in one sentence, for a screen reader. */
export function spokenAnswer(take: Take, model: Model): string {
  const words = take.prediction ? wordsOnAnswer(take.prediction, model) : wordsOnTimeline(take, model);
  return `Answer: ${words.headline}. ${words.below}`;
}

/** What nobody should believe of this page, in plain words, with the model's own score if it is known. */
export function limitsOf({ classes, facts }: Model): string[] {
  const { accuracy, n_clips, n_speakers } = facts.scores ?? {};
  const kinds = `${classes.slice(0, -1).join(", ")} or ${classes.at(-1)}`;
  const sentences = [
    `It hears how a voice sounds, not what a person feels; and it has no other words than ${kinds}, whatever you say.`,
  ];
  if (accuracy) {
    const clips = n_clips ? ` of ${n_clips} test clips` : "";
    const people = n_speakers ? ` by ${n_speakers} speakers whom it had never heard` : "";
    sentences.push(
      `It was right on ${percent(accuracy.value)}${clips}${people}; unacted speech and other languages, microphones and ` +
        "rooms are harder.",
    );
  }
  return [...sentences, "Nothing that matters to a person may be decided by it."];
}
