import { StudioError } from "../engine/types";
import workletUrl from "./recorder_worklet.ts?worker&url";

/** The microphone as samples: unprocessed, since a voice's level and tone are what the model listens to. */
export class Recorder {
  readonly rate: number;
  private heard: (samples: Float32Array) => void = () => {};

  private constructor(
    private readonly context: AudioContext,
    private readonly stream: MediaStream,
    private readonly node: AudioWorkletNode,
  ) {
    this.rate = context.sampleRate;
    node.port.onmessage = ({ data }) => this.take(data);
  }

  /** Ask for the microphone, and make all ready. */
  static async open(): Promise<Recorder> {
    const stream = await openMicrophone();
    const context = new AudioContext();
    await context.audioWorklet.addModule(workletUrl);
    await context.resume();
    return new Recorder(context, stream, new AudioWorkletNode(context, "recorder"));
  }

  /** Hand over what is heard; `lost` is called if the microphone goes away. */
  start(heard: (samples: Float32Array) => void, lost: () => void): void {
    this.heard = heard;
    for (const track of this.stream.getTracks()) track.onended = lost;
    const microphone = this.context.createMediaStreamSource(this.stream);
    microphone.connect(this.node).connect(this.context.destination); // which gets zeros
  }

  /** Hear what is still on its way, and let go of the microphone. */
  async stop(): Promise<void> {
    const flushed = new Promise<void>((resolve) => {
      this.node.port.onmessage = ({ data }) => (data === "stopped" ? resolve() : this.take(data));
      setTimeout(resolve, 250); // the audio thread may stand still
    });
    this.node.port.postMessage("stop");
    await flushed;
    for (const track of this.stream.getTracks()) track.stop();
    void this.context.close();
  }

  private take(samples: Float32Array): void {
    if (samples.length) this.heard(samples);
  }
}

async function openMicrophone(): Promise<MediaStream> {
  if (!navigator.mediaDevices) {
    throw new StudioError(
      "Browsers lend the microphone to pages on https:// or localhost only. You can choose a file.",
    );
  }
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    throw new StudioError(REFUSALS[(error as DOMException).name] ?? `The microphone can't be used (${error}).`);
  }
}

const REFUSALS: Record<string, string> = {
  NotAllowedError: "This page may not use the microphone. Allow it in the browser's address bar, or choose a file.",
  NotFoundError: "No microphone was found. Plug one in, or choose a file.",
  NotReadableError: "Another program holds the microphone. Close it, or choose a file.",
};
