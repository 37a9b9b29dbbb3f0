/** The power spectrum of real frames whose length is a power of two. */
export class Fourier {
  private readonly real: Float64Array;
  private readonly imaginary: Float64Array;
  private readonly window: Float64Array;
  private readonly cosine: Float64Array;
  private readonly sine: Float64Array;
  private readonly reversed: Uint32Array;

  constructor(readonly size: number) {
    this.real = new Float64Array(size);
    this.imaginary = new Float64Array(size);
    this.window = Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
    this.cosine = Float64Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
    this.sine = Float64Array.from({ length: size / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / size));
    this.reversed = bitReversed(size);
  }

  /** Write the power of each bin from 0 to size / 2 into `power`, of a Hann-windowed frame that begins at `start`. */
  power(samples: Float32Array, start: number, power: Float64Array): void {
    for (let i = 0; i < this.size; i++) {
      const at = start + this.reversed[i];
      const sample = at >= 0 && at < samples.length ? samples[at] : 0;
      this.real[i] = sample * this.window[this.reversed[i]];
    }
    this.imaginary.fill(0);
    for (let half = 1; half < this.size; half *= 2) this.combine(half);
    for (let i = 0; i <= this.size / 2; i++) power[i] = this.real[i] ** 2 + this.imaginary[i] ** 2;
  }

  private combine(half: number): void {
    const { real, imaginary, cosine, sine } = this;
    const step = this.size / (2 * half);
    for (let block = 0; block < this.size; block += 2 * half) {
      for (let i = 0; i < half; i++) {
        const a = block + i;
        const b = a + half;
        const re = real[b] * cosine[i * step] - imaginary[b] * sine[i * step];
        const im = real[b] * sine[i * step] + imaginary[b] * cosine[i * step];
        real[b] = real[a] - re;
        imaginary[b] = imaginary[a] - im;
        real[a] += re;
        imaginary[a] += im;
      }
    }
  }
}

function bitReversed(size: number): Uint32Array {
  const bits = Math.log2(size);
  return Uint32Array.from({ length: size }, (_, i) => {
    let reversed = 0;
    for (let bit = 0; bit < bits; bit++) reversed |= ((i >> bit) & 1) << (bits - 1 - bit);
    return reversed;
  });
}
