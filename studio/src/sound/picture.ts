import { MelColumns, type MelBands } from "./mel";

const MOST_COLUMNS = 2400; // of a finished sound: more than any screen has

/** What there is to see of a sound: a column of Mel bands, and the least and greatest sample, at regular times. */
export class Picture {
  columns = 0;
  readonly height: number;
  private bands = new Uint8ClampedArray(0);
  private range = new Float32Array(0);
  private readonly mel: MelColumns;

  constructor(
    readonly rate: number,
    bands: MelBands,
    readonly hop: number, // samples
  ) {
    this.mel = new MelColumns(rate, bands);
    this.height = bands.n_mels;
  }

  /** The picture of a whole sound. */
  static of(samples: Float32Array, rate: number, bands: MelBands): Picture {
    const hop = Math.max(Math.round(rate / 100), Math.ceil(samples.length / MOST_COLUMNS));
    const picture = new Picture(rate, bands, hop);
    picture.grow(samples, samples.length);
    return picture;
  }

  get seconds(): number {
    return (this.columns * this.hop) / this.rate;
  }

  /** Add the columns that `samples`, which hold all from the beginning, make whole. */
  grow(samples: Float32Array, length: number): void {
    const whole = Math.floor(length / this.hop);
    this.reserve(whole);
    for (; this.columns < whole; this.columns++) {
      const start = this.columns * this.hop;
      const place = this.columns * this.height;
      this.mel.column(samples, start + this.hop / 2, this.bands.subarray(place, place + this.height));
      this.measure(samples, start);
    }
  }

  /** Loudness of a band, 0 to 255, in a column; 0 where there is none. */
  band(column: number, band: number): number {
    return column >= 0 && column < this.columns ? this.bands[column * this.height + band] : 0;
  }

  /** The least and the greatest sample in some columns. */
  extremes(from: number, to: number): [number, number] {
    let [least, greatest] = [0, 0];
    for (let column = Math.max(0, from); column < Math.min(to, this.columns); column++) {
      least = Math.min(least, this.range[2 * column]);
      greatest = Math.max(greatest, this.range[2 * column + 1]);
    }
    return [least, greatest];
  }

  private measure(samples: Float32Array, start: number): void {
    let [least, greatest] = [0, 0];
    for (let i = start; i < start + this.hop; i++) {
      if (samples[i] < least) least = samples[i];
      else if (samples[i] > greatest) greatest = samples[i];
    }
    this.range[2 * this.columns] = least;
    this.range[2 * this.columns + 1] = greatest;
  }

  private reserve(columns: number): void {
    if (2 * columns <= this.range.length) return;
    const room = Math.max(512, 2 * columns);
    const [bands, range] = [new Uint8ClampedArray(room * this.height), new Float32Array(2 * room)];
    bands.set(this.bands);
    range.set(this.range);
    [this.bands, this.range] = [bands, range];
  }
}
