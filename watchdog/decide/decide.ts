export type Action = "alert" | "realert" | "recovery" | "none";

/** What the operator was told of one entity, by messages that Telegram accepted. */
export interface AlertState {
  readonly alerting: boolean;
  /** In the unit of `now`; undefined: never alerted. */
  readonly lastAlertAt?: number | undefined;
}

/** Pure. Five rows, one per (alerting, active, cooled) case; the caller records "told" only once delivered. `now` and `cooldown` share one unit. */
export function decide(active: boolean, prev: AlertState, now: number, cooldown: number): Action {
  if (!prev.alerting) return active ? "alert" : "none";
  if (!active) return "recovery";
  const last = prev.lastAlertAt;
  return last === undefined || now - last >= cooldown ? "realert" : "none";
}
