import { fileOf } from "../sound/decode";
import {
  type Engine,
  type Explanation,
  type Facts,
  type Live,
  type LiveAnswer,
  type Model,
  type Prediction,
  type Sound,
  StudioError,
  type Timeline,
  thresholdIn,
} from "./types";

interface ModelAnswer {
  name: string;
  sha256: string;
  classes: string[];
  sample_rate: number;
  card: string;
  facts: Facts;
}

const KEY = "emospec-api-key"; // kept until the tab closes

/** Answers from `emospec serve`, by the addresses beside this page. */
export class ServerEngine implements Engine {
  readonly kind = "server";

  private constructor(readonly model: Model) {}

  static async open(): Promise<ServerEngine> {
    const { sample_rate: sampleRate, ...model } = await ask<ModelAnswer>("./v1/model");
    return new ServerEngine({ ...model, sampleRate, threshold: thresholdIn(model.facts) });
  }

  predict(sound: Sound): Promise<Prediction> {
    return upload("./v1/predict", sound);
  }

  timeline(sound: Sound): Promise<Timeline> {
    return upload("./v1/timeline", sound);
  }

  explain(sound: Sound): Promise<Explanation> {
    return upload("./v1/explain", sound);
  }

  live(rate: number, answer: (answer: LiveAnswer) => void, failed: (reason: string) => void): Live {
    const address = new URL("./v1/live", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    const waiting: Float32Array[] = [];
    const send = (samples: Float32Array) => socket.send(samples.slice().buffer);
    socket.onopen = () => {
      socket.send(JSON.stringify({ sample_rate: rate, key: sessionStorage.getItem(KEY) ?? undefined }));
      waiting.splice(0).forEach(send);
    };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.error) failed(message.error.detail);
      else if (!message.final) answer(message);
    };
    socket.onerror = () => failed("The live connection to the server is broken; the recording goes on.");
    return {
      push: (samples) => (socket.readyState === WebSocket.CONNECTING ? waiting.push(samples) : send(samples)),
      close: () => {
        socket.onmessage = socket.onerror = null;
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ end: true }));
        else socket.close();
      },
    };
  }
}

async function upload<T>(address: string, sound: Sound): Promise<T> {
  const body = new FormData();
  body.append("file", fileOf(sound), sound.name);
  return ask<T>(address, { method: "POST", body });
}

async function ask<T>(address: string, request: RequestInit = {}): Promise<T> {
  const key = sessionStorage.getItem(KEY);
  const headers = key ? { Authorization: `Bearer ${key}` } : undefined;
  const answer = await fetch(address, { ...request, headers }).catch(() => {
    throw new StudioError("The server does not answer. Is `emospec serve` still running?");
  });
  if (answer.ok) return answer.json();
  if (answer.status === 401 && askForKey(key)) return ask(address, request);
  throw new StudioError(await problem(answer));
}

/** The server's own words (RFC 9457), or its status. */
async function problem(answer: Response): Promise<string> {
  const { detail, title } = await answer.json().catch(() => ({}));
  return detail ?? title ?? `The server answers ${answer.status} ${answer.statusText}.`;
}

function askForKey(known: string | null): boolean {
  const key = prompt(known ? "This key is not the right one. API key:" : "This server asks for its API key:");
  if (key) sessionStorage.setItem(KEY, key);
  return Boolean(key);
}
