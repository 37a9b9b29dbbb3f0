import type { InferenceSession, Tensor } from "onnxruntime-web";
import type { Picture } from "./explain";
import { cutBehind } from "./graph_cut";
import type { Scores } from "./types";

const OPTIONS: InferenceSession.SessionOptions = { executionProviders: ["wasm"] };

type Runtime = typeof import("onnxruntime-web");

const FRONT = "front/"; // how the names of all that lies between sound and picture begin
const BATCH_SAMPLES = 400_000; // at once: bounds the memory

/** The graph in two parts, before and behind the picture that the network sees. */
interface Parts {
  entry: string;
  draw: InferenceSession;
  judge: InferenceSession;
}

/** The bundle's graph: from sound to probabilities. */
export class Network {
  private parts: Promise<Parts> | null = null;

  private constructor(
    private readonly runtime: Runtime,
    private readonly graph: Uint8Array,
    private readonly session: InferenceSession,
    readonly classes: string[],
  ) {}

  /** Fetch the WebAssembly runtime and the graph from beside the page; `progress` counts the bytes of both. */
  static async open(
    model: string,
    folder: string,
    classes: string[],
    progress: (share: number) => void,
  ): Promise<Network> {
    const runtime: Runtime = await import(/* @vite-ignore */ `${folder}ort.js`);
    const [wasm, graph] = await fetchAll([`${folder}ort.wasm`, model], progress);
    runtime.env.wasm.wasmBinary = wasm;
    runtime.env.wasm.numThreads = 1; // threads need headers that simple servers don't send
    runtime.env.logLevel = "error";
    const bytes = new Uint8Array(graph);
    return new Network(runtime, bytes, await runtime.InferenceSession.create(bytes, OPTIONS), classes);
  }

  /** Run once on silence, whatever comes of it: the first run is slow, since it compiles. */
  async warmUp(samples: number): Promise<void> {
    await this.session.run({ waveform: this.tensor(new Float32Array(samples), [1, samples]) }, ["probabilities"]);
  }

  /** Return the probabilities of each clip; those of one length go through the graph together. */
  async score(clips: Float32Array[]): Promise<Float32Array[]> {
    const rows = new Array<Float32Array>(clips.length);
    for (const places of batches(clips)) {
      const found = await this.scoreBatch(places.map((place) => clips[place]));
      places.forEach((place, i) => (rows[place] = found[i]));
    }
    return rows;
  }

  named(row: Float32Array): Scores {
    return Object.fromEntries(this.classes.map((name, i) => [name, row[i]]));
  }

  /** What the network sees of a clip. */
  async picture(clip: Float32Array): Promise<Picture> {
    const { draw, entry } = await this.inParts();
    const image = (await draw.run({ waveform: this.tensor(clip, [1, clip.length]) }, [entry]))[entry];
    const [, height, width] = image.dims;
    return { cells: image.data as Float32Array, height, width };
  }

  /** The probabilities for some pictures. */
  async scorePictures(pictures: Picture[]): Promise<Float32Array[]> {
    const { judge, entry } = await this.inParts();
    const [{ height, width }] = pictures;
    const input = this.tensor(stacked(pictures.map(({ cells }) => cells)), [pictures.length, height, width, 1]);
    return this.rows(await judge.run({ [entry]: input }, ["probabilities"]));
  }

  private async scoreBatch(clips: Float32Array[]): Promise<Float32Array[]> {
    const waveform = this.tensor(stacked(clips), [clips.length, clips[0].length]);
    return this.rows(await this.session.run({ waveform }, ["probabilities"]));
  }

  /** Open the graph in two parts; it is seldom needed. */
  private inParts(): Promise<Parts> {
    this.parts ??= this.cut();
    return this.parts;
  }

  private async cut(): Promise<Parts> {
    const halves = cutBehind(this.graph, FRONT);
    if (!halves) throw new Error("This model draws no picture of the sound, so it can't be seen what it listened to.");
    const open = (graph: Uint8Array) => this.runtime.InferenceSession.create(graph, OPTIONS);
    return { entry: halves.tensor, draw: await open(halves.before), judge: await open(halves.after) };
  }

  private tensor(values: Float32Array, shape: number[]): Tensor {
    return new this.runtime.Tensor("float32", values, shape);
  }

  private rows({ probabilities }: InferenceSession.OnnxValueMapType): Float32Array[] {
    const all = probabilities.data as Float32Array;
    if (!all.every(Number.isFinite))
      throw new Error("This model gives no numbers for this sound. Try another sound, or another model.");
    const width = this.classes.length;
    return Array.from({ length: all.length / width }, (_, i) => all.slice(i * width, (i + 1) * width));
  }
}

function stacked(rows: Float32Array[]): Float32Array {
  const all = new Float32Array(rows.length * rows[0].length);
  rows.forEach((row, i) => all.set(row, i * row.length));
  return all;
}

/** The places of clips of one length, `BATCH_SAMPLES` at once or one clip. */
function batches(clips: Float32Array[]): number[][] {
  const places = new Map<number, number[]>();
  clips.forEach(({ length }, place) => places.set(length, [...(places.get(length) ?? []), place]));
  return [...places].flatMap(([length, equal]) => {
    const atOnce = Math.max(1, Math.floor(BATCH_SAMPLES / Math.max(length, 1)));
    return Array.from({ length: Math.ceil(equal.length / atOnce) }, (_, i) =>
      equal.slice(i * atOnce, (i + 1) * atOnce),
    );
  });
}

async function fetchAll(addresses: string[], progress: (share: number) => void): Promise<ArrayBuffer[]> {
  const answers = await Promise.all(addresses.map(fetchOne));
  const total = answers.reduce((sum, { headers }) => sum + Number(headers.get("Content-Length") ?? 0), 0);
  let come = 0;
  const count = (bytes: number) => progress(total ? Math.min(1, (come += bytes) / total) : 0);
  return Promise.all(answers.map((answer) => counted(answer, count)));
}

async function fetchOne(address: string): Promise<Response> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} is missing (${answer.status}); the folder is not complete`);
  return answer;
}

async function counted(answer: Response, count: (bytes: number) => void): Promise<ArrayBuffer> {
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, out) {
      count(bytes.length);
      out.enqueue(bytes);
    },
  });
  return new Response(answer.body?.pipeThrough(counting)).arrayBuffer();
}
