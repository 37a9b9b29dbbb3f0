import { type Engine, type Progress, StudioError } from "./types";

/** The file `studio.json` beside the page: who answers, and where its parts lie. */
export interface Setup {
  engine: "server" | "browser";
  model?: string;
  facts?: string;
  card?: string;
  runtime?: string;
}

export async function openEngine(progress: Progress): Promise<Engine> {
  const setup = await readSetup();
  if (setup.engine === "browser") {
    const { BrowserEngine } = await import("./browser");
    return BrowserEngine.open(setup, progress);
  }
  const { ServerEngine } = await import("./server");
  return ServerEngine.open();
}

async function readSetup(): Promise<Setup> {
  const answer = await fetch("./studio.json", { cache: "no-cache" }).catch(() => null);
  if (!answer?.ok) throw new StudioError("studio.json is missing beside this page: the folder is not complete.");
  return answer.json();
}
