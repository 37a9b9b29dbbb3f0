const USUAL = 48_000; // what Opus decodes to, and most devices play

/**
 * Tell the sample rate of a file by its first bytes, or the usual one where it is not known.
 *
 * Browsers decode to the rate that they are asked for, with a resampler of their own; asked for the file's own rate,
 * they resample nothing.
 */
export function sampleRateOf(start: ArrayBuffer): number {
  const bytes = new DataView(start);
  const rate = waveRate(bytes) ?? flacRate(bytes) ?? oggRate(bytes) ?? mp3Rate(bytes) ?? mp4Rate(bytes) ?? USUAL;
  return rate >= 8_000 && rate <= 96_000 ? rate : USUAL; // what every browser takes
}

function waveRate(bytes: DataView): number | null {
  if (!says(bytes, 0, "RIFF") || !says(bytes, 8, "WAVE")) return null;
  for (let at = 12; at + 16 <= bytes.byteLength;) {
    if (says(bytes, at, "fmt ")) return bytes.getUint32(at + 12, true);
    const size = bytes.getUint32(at + 4, true);
    at += 8 + size + (size % 2);
  }
  return null;
}

function flacRate(bytes: DataView): number | null {
  if (!says(bytes, 0, "fLaC") || bytes.byteLength < 22) return null;
  return bytes.getUint32(18) >>> 12;
}

function oggRate(bytes: DataView): number | null {
  if (!says(bytes, 0, "OggS")) return null;
  const packet = 27 + bytes.getUint8(26);
  return says(bytes, packet + 1, "vorbis") ? bytes.getUint32(packet + 12, true) : USUAL;
}

const MP3_RATES = [44_100, 48_000, 32_000];
const MP3_HALVED: Record<number, number> = { 3: 1, 2: 2, 0: 4 }; // MPEG 1, 2 and 2.5

function mp3Rate(bytes: DataView): number | null {
  let at = 0;
  if (says(bytes, 0, "ID3") && bytes.byteLength > 10) {
    const size = [6, 7, 8, 9].reduce((sum, place) => (sum << 7) | (bytes.getUint8(place) & 0x7f), 0);
    at = 10 + size;
  }
  if (at + 4 > bytes.byteLength || bytes.getUint16(at) < 0xffe0) return null;
  const version = (bytes.getUint8(at + 1) >> 3) & 3;
  const rate = MP3_RATES[(bytes.getUint8(at + 2) >> 2) & 3];
  return rate && version in MP3_HALVED ? rate / MP3_HALVED[version] : null;
}

const MP4A = 0x6d703461; // the letters

/** An MP4 names its rate in the entry `mp4a` of its table of contents, which may stand at either end. */
function mp4Rate(bytes: DataView): number | null {
  if (!says(bytes, 4, "ftyp")) return null;
  for (let at = 8; at + 32 <= bytes.byteLength; at++) {
    if (bytes.getUint32(at) === MP4A && bytes.getUint16(at + 28)) return bytes.getUint16(at + 28);
  }
  return null;
}

function says(bytes: DataView, at: number, word: string): boolean {
  if (at < 0 || at + word.length > bytes.byteLength) return false;
  return [...word].every((letter, i) => bytes.getUint8(at + i) === letter.charCodeAt(0));
}
