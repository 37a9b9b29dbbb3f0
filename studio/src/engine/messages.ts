import type { Explanation, LiveAnswer, Mel, Prediction, Timeline } from "./types";

/** What the page asks of its worker. */
export type Request =
  | { kind: "open"; model: string; runtime: string; classes: string[]; mel: Mel; threshold: number | null }
  | { kind: "predict" | "timeline" | "explain"; samples: Float32Array; rate: number };

export interface Asked {
  id: number;
  request: Request;
}

/** Messages of a live stream; they are not answered one by one. */
export type LiveMessage = { live: "start"; rate: number } | { live: "push"; samples: Float32Array } | { live: "stop" };

/** What the worker says. */
export type Reply =
  | { id: number; result: Prediction | Timeline | Explanation | null }
  | { id: number; error: string }
  | { id: number; progress: number }
  | { answer: LiveAnswer }
  | { failed: string };
