import assert from "node:assert/strict";
import { rulesOf } from "../../../watchdog/daemon/watch.ts";
import { deliverAll, judgeAll, observeAll } from "../../../watchdog/decide/ledger.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { renderAll, renderSummary } from "../../../watchdog/messages/render.ts";
import { fitting, MAX_LENGTH, splitBlock, textOf } from "../../../watchdog/messages/text.ts";
import { webhookBody } from "../../../watchdog/notify/channels/webhook/webhook.ts";
import { buildSignals } from "../../../watchdog/signals/index.ts";
import { decodeState, encodeState } from "../../../watchdog/state/codec.ts";
import { resumeSignals } from "../../../watchdog/state/resume.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";
import { configOf } from "../../helpers/fakes/config.ts";
import { peacefulScene, readingsOf } from "../../pipeline/golden/scene.ts";
import { busyState } from "./busy-state.ts";
import { fuzz, refusable } from "./fuzz.ts";
import { mutateBytes, mutateJson, mutateText } from "./mutate.ts";

const CONFIG = configOf({ WATCHDOG_METRICS_URL: "http://orchestrator/metrics", WATCHDOG_PROC_ENABLED: "true" });
const STATE = busyState(CONFIG);
const DOCUMENT: unknown = JSON.parse(STATE);

fuzz("the state file", (random) => {
  const now = momentAt(10_000_000);
  const json = JSON.stringify(mutateJson(random, DOCUMENT)) ?? "";
  const text = random.chance(0.1)
    ? mutateBytes(random, Buffer.from(STATE)).toString("utf8")
    : random.chance(0.1)
      ? mutateText(random, [STATE])
      : json;
  const saved = refusable(() => decodeState(text, now));
  if (!saved) return;
  // What was accepted can be lived with: judged, worded, sent, written and read again, and it comes to rest.
  const scene = peacefulScene();
  const rules = rulesOf(CONFIG);
  let signals = resumeSignals(saved, {}, now);
  let { ledger } = saved;
  const context = { host: "host-1", lang: LANGS[random.pick(["ru", "en"] as const)] };
  for (let tick = 0; tick < 2; tick += 1) {
    const at = momentAt(10_000_000 + tick * 30_000);
    const built = buildSignals(signals, readingsOf(scene, at), CONFIG, context.lang, at);
    signals = built.state;
    ledger = observeAll(ledger, built.signals, at, rules);
    const notices = judgeAll(ledger, at, rules);
    for (const { block } of renderAll(notices, { ...context, ...at })) {
      const parts = fitting([block]) > 0 ? [block] : splitBlock(block);
      for (const part of parts) assert.ok(textOf([part]).html.length <= MAX_LENGTH, "longer than a message may be");
    }
    for (const notice of notices) webhookBody(notice, "host-1", context.lang);
    if (saved.summary) renderSummary(saved.summary, { ...context, ...at });
    ledger = deliverAll(ledger, notices, 7);
    decodeState(encodeState({ ...saved, ledger, damping: signals.damping }), at);
  }
});
