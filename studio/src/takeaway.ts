import type { Engine, Explanation, Stretch } from "./engine/types";
import type { Take } from "./studio";

/** The numbers of a take as JSON: what the command line and the server say, and by which model. */
export function toJson({ sound, prediction, timeline, explanations }: Take, { model }: Engine): string {
  const answer = {
    path: sound.name,
    model: { name: model.name, sha256: model.sha256 },
    ...(prediction ?? timeline),
    ...(explanations.length ? { explanations: explanations.map(withoutImage) } : {}),
  };
  return `${inFewLines(JSON.stringify(answer, null, 2))}\n`;
}

const withoutImage = (explanation: Explanation): Explanation => ({ ...explanation, image: undefined });

/** JSON in which a row of numbers stands in one line. */
function inFewLines(json: string): string {
  return json.replace(/\[\n[-\d.e,\s]+\]/g, (row) => row.replaceAll(/\s+/g, ""));
}

/** The numbers in the columns of `emospec predict --format csv` but its last, the settings: a row for each segment. */
export function toCsv({ sound, seconds, prediction, timeline }: Take, { model }: Engine): string {
  const rows: Stretch[] = prediction ? [{ start: 0, end: seconds, ...prediction }] : (timeline?.segments ?? []);
  const header = ["path", "start", "end", "emotion", "confidence", "uncertain", ...model.classes, "model"];
  const label = `${model.name}@${model.sha256.slice(0, 12)}`;
  const lines = rows.map((row) => [sound.name, ...fieldsOf(row, model.classes), label]);
  return [header, ...lines].map((line) => `${line.map(quoted).join(",")}\n`).join("");
}

function fieldsOf(
  { start, end, emotion, confidence, uncertain, scores }: Stretch,
  classes: string[],
): (string | number)[] {
  const shares = classes.map((name) => rounded(scores?.[name]));
  return [start, end, emotion ?? "", rounded(confidence), String(Boolean(uncertain)), ...shares];
}

const rounded = (share: number | null | undefined): number | "" => (share == null ? "" : Math.round(1e6 * share) / 1e6);

/** A field as RFC 4180 has it; a name that a spreadsheet would take for a formula is kept from being one. */
function quoted(field: string | number): string {
  if (typeof field === "number") return String(field);
  const safe = /^[=+\-@\t\r]/.test(field) ? `'${field}` : field;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function save(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export const stem = (name: string): string => name.replace(/\.[^.]*$/, "") || "sound";
