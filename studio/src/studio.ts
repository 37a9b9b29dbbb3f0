import { openEngine } from "./engine/open";
import {
  type Engine,
  type Explanation,
  type Live,
  type LiveAnswer,
  type Prediction,
  type Sound,
  StudioError,
  type Timeline,
} from "./engine/types";
import { spokenAnswer } from "./words";
import { cut, fileOf, readSound } from "./sound/decode";
import { Picture } from "./sound/picture";
import { Player } from "./sound/player";
import { Recorder } from "./sound/recorder";
import { Recording } from "./sound/recording";

export const ONE_ANSWER_SECONDS = 5; // a longer sound gets a timeline, as on the command line
const LONGEST_RECORDING = 120; // seconds

/** What was heard in a sound. */
export interface Take {
  sound: Sound;
  seconds: number;
  prediction: Prediction | null; // null: a long sound, which has a timeline
  timeline: Timeline | null;
  explanations: Explanation[]; // one for each stretch that was asked about
  waited: number; // milliseconds from the end of the sound to the answer
}

export type Phase = "opening" | "ready" | "asking" | "recording" | "thinking" | "broken";

export interface State {
  phase: Phase;
  progress: number; // of opening, thinking or explaining: 0 to 1
  picture: Picture | null; // null where this browser can't read the file
  recording: Recording | null;
  live: LiveAnswer | null;
  take: Take | null;
  explaining: boolean;
  problem: string | null;
  said: string; // for those who hear the page instead of seeing it
}

/** What the page can do, and where it stands; the views draw `state` and call the verbs. */
export class Studio {
  engine: Engine | null = null;
  readonly player = new Player(() =>
    this.report("This browser can't play that file. What the model heard in it stands all the same."),
  );
  state: State = {
    phase: "opening",
    progress: 0,
    picture: null,
    recording: null,
    live: null,
    take: null,
    explaining: false,
    problem: null,
    said: "",
  };
  private readonly listeners = new Set<() => void>();
  private recorder: Recorder | null = null;
  private stream: Live | null = null;

  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async open(): Promise<void> {
    try {
      this.engine = await openEngine((progress) => this.set({ progress }));
      this.set({ phase: "ready", progress: 0 });
    } catch (error) {
      this.set({ phase: "broken", problem: wordsOf(error) });
    }
  }

  get busy(): boolean {
    return this.state.phase !== "ready";
  }

  async record(): Promise<void> {
    if (this.busy) return;
    this.set({ phase: "asking", problem: null });
    try {
      this.recorder = await Recorder.open();
    } catch (error) {
      this.set({ phase: "ready", problem: wordsOf(error) });
      return;
    }
    const { rate } = this.recorder;
    const recording = new Recording(rate, this.engine!.model.facts.mel);
    this.stream = this.engine!.live(
      rate,
      (answer) => this.hear(answer),
      (problem) => this.set({ problem }),
    );
    this.leaveTake();
    this.set({ phase: "recording", recording, said: "Recording." });
    this.recorder.start(
      (samples) => {
        recording.push(samples);
        this.stream?.push(samples);
        this.set({ recording });
        if (recording.seconds > LONGEST_RECORDING) void this.stop();
      },
      () => void this.stop(),
    );
  }

  /** End the recording, and judge all of it. */
  async stop(): Promise<void> {
    const { recorder, stream, state } = this;
    if (!recorder || !state.recording) return;
    this.recorder = null;
    const stopped = performance.now();
    await recorder.stop();
    stream?.close();
    const sound = { name: "recording.wav", file: null, samples: state.recording.all(), rate: recorder.rate };
    await this.judge(sound, state.recording.picture, stopped);
  }

  async choose(file: File): Promise<void> {
    if (this.busy) return;
    this.leaveTake();
    this.set({ phase: "thinking", problem: null, said: `Listening to ${file.name}.` });
    const chosen = performance.now();
    try {
      const sound = await readSound(file);
      const picture = sound.samples && Picture.of(sound.samples, sound.rate, this.engine!.model.facts.mel);
      await this.judge(sound, picture, chosen);
    } catch (error) {
      this.set({ phase: "ready", problem: wordsOf(error) });
    }
  }

  /** Ask what the model listened to between two times. */
  async explain(start: number, end: number): Promise<void> {
    const { take } = this.state;
    if (!take || this.state.explaining) return;
    this.set({ explaining: true, progress: 0, problem: null });
    try {
      const part = start <= 0 && end >= take.seconds ? take.sound : cut(take.sound, start, end);
      const found = await this.engine!.explain(part, (progress) => this.set({ progress }));
      const explanation = { ...found, start: found.start + start, end: found.end + start };
      this.setTake(take, { explanations: [...take.explanations, explanation] });
    } catch (error) {
      this.set({ problem: wordsOf(error) });
    }
    this.set({ explaining: false });
  }

  clearProblem(): void {
    this.set({ problem: null });
  }

  report(problem: string): void {
    this.set({ problem });
  }

  private hear(live: LiveAnswer): void {
    this.state.recording?.hear(live);
    this.set({ live });
  }

  private async judge(sound: Sound, picture: Picture | null, since: number): Promise<void> {
    this.set({ phase: "thinking", progress: 0, picture });
    try {
      const take = await this.answer(sound);
      this.player.load(fileOf(sound));
      this.set({ phase: "ready", take, recording: null, live: null, said: spokenAnswer(take, this.engine!.model) });
      await painted();
      this.setTake(take, { waited: performance.now() - since });
    } catch (error) {
      this.set({ phase: "ready", picture: null, recording: null, live: null, problem: wordsOf(error) });
    }
  }

  private async answer(sound: Sound): Promise<Take> {
    const known = sound.samples ? sound.samples.length / sound.rate : null;
    const take = { sound, prediction: null, timeline: null, explanations: [], waited: 0 };
    const isShort = (seconds: number | null) => seconds !== null && seconds <= ONE_ANSWER_SECONDS;
    const timeline = isShort(known) ? null : await this.engine!.timeline(sound, (progress) => this.set({ progress }));
    const seconds = known ?? timeline!.seconds; // which the server tells where the browser can't read the file
    if (!isShort(seconds)) return { ...take, seconds, timeline };
    return { ...take, seconds, prediction: await this.engine!.predict(sound) };
  }

  private leaveTake(): void {
    this.player.unload();
    this.set({ take: null, picture: null, live: null, recording: null, progress: 0 });
  }

  private setTake(take: Take, change: Partial<Take>): void {
    if (this.state.take === take) this.set({ take: { ...take, ...change } });
  }

  private set(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof StudioError) return error.message;
  console.error(error);
  return `Something went wrong in this page: ${error instanceof Error ? error.message : error}`;
}

/** Wait until what was set can be seen. */
function painted(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}
