import { Fourier } from "./fourier";

/** What of a bundle's Mel settings the picture needs; the network makes its own, inside its graph. */
export interface MelBands {
  n_mels: number;
  fmin: number;
  fmax: number | null;
  sample_rate: number;
}

const FLOOR_DB = -82; // re a full-scale tone
const CEILING_DB = -12;

/** Columns of a log-Mel spectrogram to look at: 0 to 255, the lowest band first. */
export class MelColumns {
  private readonly fourier: Fourier;
  private readonly power: Float64Array;
  private readonly edges: number[];
  private readonly scale: number;

  constructor(
    readonly rate: number,
    readonly bands: MelBands,
  ) {
    const size = 2 ** Math.round(Math.log2(rate * 0.05));
    this.fourier = new Fourier(size);
    this.power = new Float64Array(size / 2 + 1);
    const top = Math.min(bands.fmax ?? bands.sample_rate / 2, rate / 2);
    this.edges = melEdges(bands.n_mels, bands.fmin, top).map((hertz) => (hertz * size) / rate);
    this.scale = (4 / size) ** 2; // a full-scale tone has power 1: half of it in each half, half of that by the window
  }

  get height(): number {
    return this.bands.n_mels;
  }

  /** Write the column whose frame is centred on the sample `centre`. */
  column(samples: Float32Array, centre: number, out: Uint8ClampedArray): void {
    this.fourier.power(samples, Math.round(centre) - this.fourier.size / 2, this.power);
    for (let band = 0; band < this.height; band++) {
      const decibels = 10 * Math.log10(this.bandPower(band) * this.scale + 1e-12);
      out[band] = (255 * (decibels - FLOOR_DB)) / (CEILING_DB - FLOOR_DB);
    }
  }

  /** The greatest power under the band's triangle: narrow low bands then hold no gaps. */
  private bandPower(band: number): number {
    const [low, middle, high] = this.edges.slice(band, band + 3);
    const last = Math.min(this.power.length - 1, Math.ceil(high));
    let greatest = 0;
    for (let bin = Math.max(0, Math.floor(low)); bin <= last; bin++) {
      const distance =
        bin < middle ? (middle - bin) / Math.max(1, middle - low) : (bin - middle) / Math.max(1, high - middle);
      greatest = Math.max(greatest, this.power[bin] * Math.max(0, 1 - distance));
    }
    return greatest;
  }
}

function melEdges(bands: number, low: number, high: number): number[] {
  const [from, to] = [hertzToMel(low), hertzToMel(high)];
  return Array.from({ length: bands + 2 }, (_, i) => melToHertz(from + ((to - from) * i) / (bands + 1)));
}

const KNEE = 15; // Slaney's scale: linear up to 1 kHz, 15 Mel; logarithmic above
const STEP = Math.log(6.4) / 27;

export const hertzToMel = (hertz: number): number =>
  hertz < 1000 ? (hertz * 3) / 200 : KNEE + Math.log(hertz / 1000) / STEP;

export const melToHertz = (mel: number): number =>
  mel < KNEE ? (mel * 200) / 3 : 1000 * Math.exp(STEP * (mel - KNEE));
