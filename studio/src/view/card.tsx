import { micromark } from "micromark";
import { gfmTable, gfmTableHtml } from "micromark-extension-gfm-table";
import { useMemo, useRef } from "preact/hooks";
import type { Model } from "../engine/types";
import { CloseIcon } from "./icons";

/** A button that opens the model card. micromark escapes HTML and drops dangerous links unless told otherwise. */
export function CardButton({ model }: { model: Model }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const html = useMemo(
    () => micromark(model.card, { extensions: [gfmTable()], htmlExtensions: [gfmTableHtml()] }),
    [model.card],
  );
  return (
    <>
      <button type="button" class="quiet" onClick={() => dialog.current?.showModal()}>
        About the model
      </button>
      <dialog
        ref={dialog}
        class="card"
        aria-label={`Model card of ${model.name}`}
        onClick={({ target }) => target === dialog.current && dialog.current?.close()}
      >
        <div class="card-body">
          <button type="button" class="bare" aria-label="Close the model card" onClick={() => dialog.current?.close()}>
            <CloseIcon />
          </button>
          <article tabIndex={0} dangerouslySetInnerHTML={{ __html: html }} />
        </div>
      </dialog>
    </>
  );
}
