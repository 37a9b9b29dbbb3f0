import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Studio } from "../studio";

/** The whole page takes a file that is dropped on it. */
export function DropZone({ studio, children }: { studio: Studio; children: ComponentChildren }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const listen = (kind: "dragover" | "dragleave" | "drop", action: (event: DragEvent) => void) =>
      addEventListener(kind, action, { signal: stop.signal });
    listen("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    });
    listen("dragleave", (event) => event.relatedTarget === null && setOver(false));
    listen("drop", (event) => {
      event.preventDefault();
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (file) void studio.choose(file);
    });
    return () => stop.abort();
  }, [studio]);
  return (
    <div class={over ? "page over" : "page"}>
      {children}
      {over && <p class="drop-here">Drop it anywhere</p>}
    </div>
  );
}
