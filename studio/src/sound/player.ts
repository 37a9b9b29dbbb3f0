/** Plays one sound at a time, and tells where it stands. */
export class Player {
  time = 0;
  playing = false;
  private readonly audio = new Audio();
  private readonly listeners = new Set<() => void>();
  private address = "";

  /** `refused` is called when the browser can't play the sound. */
  constructor(private readonly refused: () => void) {
    this.audio.onplay = () => this.follow();
    this.audio.onpause = () => this.stand();
    this.audio.onended = () => this.rewind();
  }

  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  load(file: Blob): void {
    this.unload();
    this.address = URL.createObjectURL(file);
    this.audio.src = this.address;
  }

  unload(): void {
    this.audio.pause();
    this.audio.removeAttribute("src");
    URL.revokeObjectURL(this.address);
    this.rewind();
  }

  async play(from?: number): Promise<void> {
    if (from !== undefined) this.seek(from);
    try {
      await this.audio.play();
    } catch (error) {
      // A pause or another sound that comes before the first tone is an AbortError, and nothing to tell of.
      if ((error as DOMException).name !== "AbortError") this.refused();
    }
  }

  pause(): void {
    this.audio.pause();
  }

  seek(time: number): void {
    this.audio.currentTime = Math.max(0, time);
    this.time = this.audio.currentTime;
    this.tell();
  }

  private follow(): void {
    this.playing = true;
    this.time = this.audio.currentTime;
    this.tell();
    if (!this.audio.paused) requestAnimationFrame(() => this.playing && this.follow());
  }

  private stand(): void {
    this.playing = false;
    this.tell();
  }

  private rewind(): void {
    this.playing = false;
    this.time = 0;
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
