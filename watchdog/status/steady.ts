import { idOf, type Signal } from "../signals/signal.ts";

/** Since when each signal has been as it is, good ones too; of signals that are gone nothing is kept. */
export interface Steady {
  observe(signals: readonly Signal[], wallMs: number): void;
  sinceMs(id: string): number | null;
}

export function createSteady(): Steady {
  let known = new Map<string, { readonly active: boolean; readonly sinceMs: number }>();
  return {
    observe: (signals, wallMs) => {
      known = new Map(
        signals.map((signal) => {
          const id = idOf(signal);
          const before = known.get(id);
          return [id, before?.active === signal.active ? before : { active: signal.active, sinceMs: wallMs }];
        }),
      );
    },
    sinceMs: (id) => known.get(id)?.sinceMs ?? null,
  };
}
