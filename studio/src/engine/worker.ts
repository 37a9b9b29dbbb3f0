import { resample } from "../sound/resample";
import { explain } from "./explain";
import { Judge } from "./judge";
import { Ear } from "./ear";
import type { Asked, LiveMessage, Reply, Request } from "./messages";
import { Network } from "./network";
import { makeTimeline } from "./timeline/make_timeline";
import type { Explanation, Prediction, Progress, Timeline } from "./types";

// The worker of the page without a server: all that is asked is answered one after the other.

const READING = 0.3; // of the work on a long recording

let judge: Judge;
let ear: Ear | null = null;
let work: Promise<void> = Promise.resolve();

const say = (reply: Reply) => postMessage(reply);

onmessage = ({ data }: MessageEvent<Asked | LiveMessage>) => {
  if ("live" in data) return listen(data);
  work = work.then(() => answer(data));
};

async function answer({ id, request }: Asked): Promise<void> {
  try {
    say({ id, result: await handle(request, (progress) => say({ id, progress })) });
  } catch (error) {
    say({ id, error: reasonOf(error) });
  }
}

async function handle(request: Request, progress: Progress): Promise<Prediction | Timeline | Explanation | null> {
  if (request.kind === "open") {
    const { model, runtime, classes, mel, threshold } = request;
    judge = new Judge(await Network.open(model, runtime, classes, progress), mel, threshold);
    await judge.network.warmUp(mel.sample_rate);
    return null;
  }
  const share = request.kind === "timeline" ? READING : 0;
  const samples = resample(request.samples, request.rate, judge.rate, (read) => progress(share * read));
  if (request.kind === "predict") return judge.predict(samples);
  if (request.kind === "timeline")
    return makeTimeline(samples, judge, judge.windows, (heard) => progress(share + (1 - share) * heard));
  return explain(samples, judge, progress);
}

function listen(message: LiveMessage): void {
  if (message.live === "start") ear = new Ear(judge, message.rate, (answer) => say({ answer }));
  else if (message.live === "push") ear?.push(message.samples);
  else ear = null;
  const current = ear;
  if (current?.isDue()) work = work.then(() => answerLive(current));
}

async function answerLive(current: Ear): Promise<void> {
  if (current !== ear) return;
  try {
    await current.answer();
  } catch (error) {
    ear = null; // what fails once fails again; the recording goes on
    say({ failed: reasonOf(error) });
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
