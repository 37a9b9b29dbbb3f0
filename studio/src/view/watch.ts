import { useEffect, useReducer } from "preact/hooks";
import type { Player } from "../sound/player";
import type { Studio } from "../studio";

/** Draw again whenever a studio or a player says that something has changed. */
export function useWatched<T extends Studio | Player>(watched: T): T {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => watched.watch(() => redraw(undefined)), [watched]);
  return watched;
}

/** Whether the person wants things to stand still. */
export const prefersStillness = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
