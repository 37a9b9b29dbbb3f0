/// <reference lib="webworker" />
// Runs on the audio thread: gathers the microphone's blocks of 128 samples and posts them a few times a second.

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: unknown): void;

const AT_ONCE = 2048;

class Recorder extends AudioWorkletProcessor {
  private block = new Float32Array(AT_ONCE);
  private filled = 0;
  private running = true;

  constructor() {
    super();
    this.port.onmessage = () => this.stop();
  }

  process([channels]: Float32Array[][]): boolean {
    if (this.running && channels.length) this.take(channels);
    return this.running;
  }

  private take(channels: Float32Array[]): void {
    for (let i = 0; i < channels[0].length; i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.block[this.filled++] = sum / channels.length;
      if (this.filled === AT_ONCE) this.send();
    }
  }

  private send(): void {
    this.port.postMessage(this.block.slice(0, this.filled));
    this.filled = 0;
  }

  private stop(): void {
    this.send();
    this.running = false;
    this.port.postMessage("stopped");
  }
}

registerProcessor("recorder", Recorder);
