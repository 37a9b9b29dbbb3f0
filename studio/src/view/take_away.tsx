import { duration } from "../emotions";
import type { Engine } from "../engine/types";
import { fileOf } from "../sound/decode";
import type { Take } from "../studio";
import { save, stem, toCsv, toJson } from "../takeaway";
import { SaveIcon } from "./icons";

/** The numbers, and the sound if it was recorded here, as files. */
export function TakeAway({ take, engine }: { take: Take; engine: Engine }) {
  const name = stem(take.sound.name);
  const saveText = (text: string, type: string, ending: string) =>
    save(new Blob([text], { type }), `${name}.${ending}`);
  return (
    <section class="take-away" aria-labelledby="take-away">
      <h2 id="take-away">Take it away</h2>
      <div class="row">
        <SaveButton label="JSON" save={() => saveText(toJson(take, engine), "application/json", "json")} />
        <SaveButton label="CSV" save={() => saveText(toCsv(take, engine), "text/csv", "csv")} />
        {!take.sound.file && <SaveButton label="the recording" save={() => save(fileOf(take.sound), `${name}.wav`)} />}
      </div>
      <p class="note">
        {take.sound.name}, {duration(take.seconds, 1)}
        {take.waited > 0 && `; answered in ${waited(take.waited)}`}
      </p>
    </section>
  );
}

/** Milliseconds tell something only of a short time. */
const waited = (ms: number): string => (ms < 10_000 ? `${Math.round(ms)} ms` : duration(ms / 1000));

function SaveButton({ label, save }: { label: string; save: () => void }) {
  return (
    <button type="button" class="quiet" onClick={save}>
      <SaveIcon />
      <span>
        <span class="hidden">Save </span>
        {label}
      </span>
    </button>
  );
}
