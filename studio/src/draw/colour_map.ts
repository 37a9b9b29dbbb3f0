// Magma (Smith, van der Walt and Firing, CC0), 17 of its 256 colours; those between differ by less than 3 of 255.
const ANCHORS =
  "000004 0a0822 1d1147 36106b 51127c 6a1c81 832681 9c2e7f b73779 cf4070 e55064 f4695c fb8761 fea571 fec287 fde0a1 fcfdbf";

/** Colours for the loudness 0 to 255, as bytes for canvas images (alpha, blue, green, red from the top). */
export const LOUDNESS = tableOf(ANCHORS.split(" "));
export const GREY = tableOf(["0b0911", "4a4753", "c9c6d2"]); // under the heat, which brings its own colours

function tableOf(anchors: string[]): Uint32Array {
  const colours = anchors.map((hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (colours.length - 1);
    const low = Math.min(colours.length - 2, Math.floor(place));
    const [red, green, blue] = colours[low].map((from, c) =>
      Math.round(from + (place - low) * (colours[low + 1][c] - from)),
    );
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}
