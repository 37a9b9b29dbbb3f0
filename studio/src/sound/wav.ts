/** Return mono samples as a WAV file; floats, so that nothing is lost between the microphone and the model. */
export function encodeWav(samples: Float32Array, rate: number): Blob {
  const header = new DataView(new ArrayBuffer(44));
  const words: [number, string][] = [
    [0, "RIFF"],
    [8, "WAVE"],
    [12, "fmt "],
    [36, "data"],
  ];
  for (const [at, word] of words) [...word].forEach((letter, i) => header.setUint8(at + i, letter.charCodeAt(0)));
  header.setUint32(4, 36 + samples.byteLength, true);
  header.setUint32(16, 16, true);
  header.setUint16(20, 3, true); // IEEE float
  header.setUint16(22, 1, true);
  header.setUint32(24, rate, true);
  header.setUint32(28, rate * 4, true);
  header.setUint16(32, 4, true);
  header.setUint16(34, 32, true);
  header.setUint32(40, samples.byteLength, true);
  return new Blob([header.buffer, samples.slice().buffer], { type: "audio/wav" });
}
