import type { Config } from "../../../watchdog/config/variables.ts";
import { rulesOf } from "../../../watchdog/daemon/watch.ts";
import { deliverAll, judgeAll, type Ledger, observeAll } from "../../../watchdog/decide/ledger.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { buildSignals, NO_SIGNALS, type SignalState } from "../../../watchdog/signals/index.ts";
import { encodeState } from "../../../watchdog/state/codec.ts";
import { snapshotOf } from "../../../watchdog/state/resume.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";
import { container, peacefulScene, readingsOf } from "../../pipeline/golden/scene.ts";

/** A state file with something of everything in it: told and untold, flapping, edges, what standing alerts count from, a summary. */
export function busyState(config: Config): string {
  const scene = peacefulScene();
  const rules = rulesOf(config);
  let signals: SignalState = NO_SIGNALS;
  let ledger: Ledger = new Map();
  for (let tick = 0; tick < 100; tick += 1) {
    const now = momentAt(tick * 30_000);
    if (tick === 2) scene.dataPct = 93;
    if (tick === 3) scene.queue = { queued: 4, running: 0, done: 40, failed: 3 };
    if (tick === 4) scene.generatedAtS = now.wallMs / 1000;
    if (tick === 5) scene.processes.set(77, { startedMs: now.wallMs - 7_200_000, command: "pytest -x" });
    if (tick >= 6 && tick < 9) scene.containers.set("web", container({ restartCount: tick }));
    if (tick > 10)
      scene.deps.set("db", tick % 6 < 3 ? { up: true } : { up: false, kind: "refused", reason: "refused" });
    if (tick === 90) scene.queue = { ...scene.queue, failed: 9 };
    if (tick === 92) scene.memoryPct = 97;
    if (tick === 96) scene.memoryPct = 40;
    const built = buildSignals(signals, readingsOf(scene, now), config, LANGS.en, now);
    signals = built.state;
    ledger = observeAll(ledger, built.signals, now, rules);
    if (tick < 88) ledger = deliverAll(ledger, judgeAll(ledger, now, rules), tick);
  }
  return encodeState(
    snapshotOf({
      signals,
      ledger,
      boot: { id: "11111111-0000-4000-8000-000000000000" },
      bootIdBefore: undefined,
      telegram: { migrated: { from: "-1", to: "-1002" } },
      summary: { since: momentAt(0), count: 2, lines: ["12:00:00 UTC alert: Disk data"] },
    }),
  );
}
