import type { Asked, LiveMessage, Reply, Request } from "./messages";
import type { Setup } from "./open";
import {
  type Engine,
  type Explanation,
  type Facts,
  type Live,
  type LiveAnswer,
  type Model,
  type Prediction,
  type Progress,
  type Sound,
  StudioError,
  type Timeline,
  thresholdIn,
} from "./types";

interface Waiting {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
  progress: Progress;
}

/** Answers from the model beside this page, run in a worker of this browser: no sound leaves the machine. */
export class BrowserEngine implements Engine {
  readonly kind = "browser";
  private readonly worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;
  private answer: (answer: LiveAnswer) => void = () => {};
  private failed: (reason: string) => void = () => {};

  private constructor(readonly model: Model) {
    this.worker.onmessage = ({ data }: MessageEvent<Reply>) => this.take(data);
    this.worker.onerror = ({ message }) => this.fail(message || "the worker could not be loaded");
  }

  static async open(setup: Setup, progress: Progress): Promise<BrowserEngine> {
    const facts = JSON.parse(await textOf(setup.facts ?? "bundle.json")) as Facts;
    const card = await textOf(setup.card ?? "MODEL_CARD.md");
    const model = { ...facts, card, facts, sampleRate: facts.mel.sample_rate, threshold: thresholdIn(facts) };
    const engine = new BrowserEngine(model);
    const open: Request = {
      kind: "open",
      model: absolute(setup.model ?? "model.onnx"),
      runtime: absolute(setup.runtime ?? "runtime/"),
      classes: model.classes,
      mel: facts.mel,
      threshold: model.threshold,
    };
    await engine.ask(open, progress);
    return engine;
  }

  predict(sound: Sound): Promise<Prediction> {
    return this.judge("predict", sound);
  }

  timeline(sound: Sound, progress: Progress): Promise<Timeline> {
    return this.judge("timeline", sound, progress);
  }

  explain(sound: Sound, progress: Progress): Promise<Explanation> {
    return this.judge("explain", sound, progress);
  }

  live(rate: number, answer: (answer: LiveAnswer) => void, failed: (reason: string) => void): Live {
    this.answer = answer;
    this.failed = failed;
    this.post({ live: "start", rate });
    return {
      push: (samples) => this.post({ live: "push", samples }),
      close: () => {
        this.answer = this.failed = () => {};
        this.post({ live: "stop" });
      },
    };
  }

  private judge<T>(kind: "predict" | "timeline" | "explain", sound: Sound, progress: Progress = () => {}): Promise<T> {
    if (!sound.samples) {
      throw new StudioError(`This browser can't read ${sound.name}. WAV, FLAC and MP3 work everywhere.`);
    }
    return this.ask({ kind, samples: sound.samples, rate: sound.rate }, progress);
  }

  private ask<T>(request: Request, progress: Progress): Promise<T> {
    const id = this.asked++;
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, progress });
      this.post({ id, request });
    });
  }

  private post(message: Asked | LiveMessage): void {
    this.worker.postMessage(message);
  }

  private take(reply: Reply): void {
    if ("answer" in reply) return this.answer(reply.answer);
    if ("failed" in reply) return this.failed(reply.failed);
    const waiting = this.waiting.get(reply.id);
    if (!waiting) return;
    if ("progress" in reply) return waiting.progress(reply.progress);
    this.waiting.delete(reply.id);
    if ("error" in reply) waiting.reject(new StudioError(reply.error));
    else waiting.resolve(reply.result as never);
  }

  private fail(reason: string): void {
    for (const { reject } of this.waiting.values()) reject(new StudioError(`The model can't be run here: ${reason}.`));
    this.waiting.clear();
  }
}

const absolute = (path: string): string => new URL(path, location.href).href;

async function textOf(path: string): Promise<string> {
  const answer = await fetch(absolute(path)).catch(() => null);
  if (!answer?.ok) throw new StudioError(`${path} is missing beside this page: the folder is not complete.`);
  return answer.text();
}
