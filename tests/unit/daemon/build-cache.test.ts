import assert from "node:assert/strict";
import test from "node:test";
import { type BuildCacheHint, buildCacheHint } from "../../../watchdog/daemon/build-cache.ts";
import type { Notice, NoticeKind } from "../../../watchdog/decide/notice.ts";
import { parseBuildCache } from "../../../watchdog/engine/build-cache.ts";
import { keyOf } from "../../../watchdog/kinds.ts";
import { LANGS, type LangCode } from "../../../watchdog/lang/index.ts";
import type { Log } from "../../../watchdog/log.ts";
import { shown } from "../../helpers/drivers/detail.ts";
import { noticeOf } from "../../helpers/fakes/notice.ts";
import { settled, type VirtualClock, virtualClock } from "../../helpers/fakes/virtual-clock.ts";

const GB = 2 ** 30;
const HOUR_MS = 3_600_000;
const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, message: () => {} };

const notice = (key: string, kind: NoticeKind = "alert"): Notice =>
  noticeOf({ id: key, key, kind, title: key, detail: "full" });

interface Rig {
  readonly hint: BuildCacheHint;
  readonly clock: VirtualClock;
  /** How often the engine was asked. */
  asked(): number;
  /** What was offered last, as `key: detail`. */
  offered(): string[];
  /** Answers the question that waits: a listing, `undefined` for an engine that has none, or an error. */
  answer(json: unknown): Promise<void>;
  readonly stop: AbortController;
}

function rig(
  options: {
    lang?: LangCode;
    all?: boolean;
    until?: string | undefined;
    holds?: Readonly<Record<string, boolean>>;
  } = {},
): Rig {
  const { lang = "en", all = false, holds = {} } = options;
  const clock = virtualClock();
  const stop = new AbortController();
  let last: readonly Notice[] = [];
  let asked = 0;
  let settle: { resolve: (json: unknown) => void; reject: (error: Error) => void } | undefined;
  const until = "until" in options ? options.until : "72h";
  const hint = buildCacheHint({
    client: {
      buildCache: () => {
        asked += 1;
        const answer = new Promise<unknown>((resolve, reject) => (settle = { resolve, reject }));
        return answer.then((json) => (json === undefined ? undefined : parseBuildCache(json)));
      },
    },
    prune: {
      pruneAll: all,
      pruneUntil: until === undefined ? undefined : { text: until, seconds: Number.parseInt(until, 10) * 3600 },
    },
    lang: LANGS[lang],
    clock,
    log: quiet,
    stop: stop.signal,
    disks: () =>
      ["root", "nas"].map((label) => ({
        label,
        path: `/host/${label}`,
        totalBytes: 1,
        usedBytes: 1,
        availableBytes: 0,
        ...(label in holds ? { holdsEngineData: holds[label] } : {}),
      })),
    offer: (notices) => (last = notices),
  });
  return {
    hint,
    clock,
    stop,
    asked: () => asked,
    offered: () => last.map(({ topic, detail }) => `${keyOf(topic)}: ${shown(detail)}`),
    answer: async (json) => {
      if (json instanceof Error) settle?.reject(json);
      else settle?.resolve(json);
      await settled();
    },
  };
}

const listing = (clock: VirtualClock): object => ({
  BuildCache: [
    { ID: "a", Size: 9.8 * GB, LastUsedAt: new Date(clock.wallMs() - 73 * HOUR_MS).toISOString() },
    { ID: "b", Size: 1.4 * GB, LastUsedAt: new Date(clock.wallMs() - HOUR_MS).toISOString() },
  ],
});
const LINE =
  "Build cache 11.2 GB, of it 9.8 GB older than 72 h can be cleared: docker builder prune --filter until=72h";

test("a disk's alert waits for the answer and then names the cache and the cure", async () => {
  const { hint, clock, offered, answer, asked } = rig();
  hint.offer([notice("disk:root")]);
  assert.deepEqual(offered(), []);
  await answer(listing(clock));
  assert.deepEqual(offered(), [`disk:root: full\n${LINE}`]);
  assert.equal(asked(), 1);
});

test("in Russian as well", async () => {
  const { hint, clock, offered, answer } = rig({ lang: "ru" });
  hint.offer([notice("disk:root")]);
  await answer(listing(clock));
  assert.deepEqual(offered(), [
    "disk:root: full\nКэш сборки 11.2 ГБ, из них 9.8 ГБ старше 72 ч можно очистить: docker builder prune --filter until=72h",
  ]);
});

test("the cure is the pruner's own setting", async () => {
  const { hint, clock, offered, answer } = rig({ all: true, until: "1h" });
  hint.offer([notice("disk:root")]);
  await answer(listing(clock));
  assert.match(offered().join(), /11\.2 GB older than 1 h can be cleared: docker builder prune -a --filter until=1h$/);
});

test("without an age everything that is not in use can be cleared, and -a is not said", async () => {
  const { hint, clock, offered, answer } = rig({ all: true, until: undefined });
  hint.offer([notice("disk:root")]);
  await answer(listing(clock));
  assert.match(offered().join(), /of it 11\.2 GB can be cleared: docker builder prune$/);
});

test("a cache with nothing old in it is said to be that", async () => {
  const { hint, offered, answer } = rig();
  hint.offer([notice("disk:root")]);
  await answer({ BuildCache: null });
  assert.match(offered().join(), /Build cache 0 B, nothing in it to clear that is older than 72 h\.$/);
});

test("everything else is offered at once, and the engine is not asked for it", () => {
  const { hint, offered, asked } = rig();
  hint.offer([
    notice("container:web"),
    notice("inodes:root"),
    notice("disk:root", "recovery"),
    notice("disk:nas", "missed"),
  ]);
  assert.deepEqual(offered(), ["container:web: full", "inodes:root: full", "disk:root: full", "disk:nas: full"]);
  assert.equal(asked(), 0);
});

test("beside a waiting disk the others do not wait", () => {
  const { hint, offered } = rig();
  hint.offer([notice("container:web"), notice("disk_crit:root")]);
  assert.deepEqual(offered(), ["container:web: full"]);
});

test("an engine that does not answer costs the alert five seconds and the line", async () => {
  const { hint, clock, offered, asked } = rig();
  hint.offer([notice("disk:root")]);
  await clock.advance(4999);
  hint.offer([notice("disk:root")]);
  assert.deepEqual(offered(), []);
  await clock.advance(1);
  assert.deepEqual(offered(), ["disk:root: full"]);
  hint.offer([notice("disk:root")]);
  assert.deepEqual([offered(), asked()], [["disk:root: full"], 1]);
});

test("an answer that comes later serves the next time", async () => {
  const { hint, clock, offered, answer } = rig();
  hint.offer([notice("disk:root")]);
  await clock.advance(20_000);
  await answer(listing(clock));
  hint.offer([notice("disk:root", "realert")]);
  assert.deepEqual(offered(), [`disk:root: full\n${LINE}`]);
});

test("an error, a nonsensical answer and an engine that cannot list it cost the line alone", async () => {
  for (const json of [new Error("ECONNREFUSED"), { message: "no" }, undefined]) {
    const { hint, offered, answer } = rig();
    hint.offer([notice("disk:root")]);
    await answer(json);
    assert.deepEqual(offered(), ["disk:root: full"]);
  }
});

test("it asks every ten minutes at most, and what is half an hour old says nothing", async () => {
  const { hint, clock, offered, answer, asked } = rig();
  hint.offer([notice("disk:root")]);
  await answer(listing(clock));
  await clock.advance(10 * 60_000 - 1);
  hint.offer([notice("disk:root", "realert")]);
  assert.equal(asked(), 1);
  await clock.advance(1);
  hint.offer([notice("disk:root", "realert")]);
  assert.equal(asked(), 2);
  await clock.advance(5000);
  assert.match(offered().join(), /Build cache/, "the former answer, while there is no newer one");
  await clock.advance(25 * 60_000);
  hint.offer([notice("disk:root", "realert")]);
  await clock.advance(5000);
  assert.deepEqual(offered(), ["disk:root: full"]);
});

test("the disk that is known not to hold the engine's data is not told of its cache", async () => {
  const { hint, clock, offered, answer } = rig({ holds: { root: true, nas: false } });
  hint.offer([notice("disk:root"), notice("disk:nas")]);
  await answer(listing(clock));
  assert.deepEqual(offered(), [`disk:root: full\n${LINE}`, "disk:nas: full"]);
});

test("stopping lets go of what waits, and asks nobody any more", () => {
  const { hint, offered, stop, asked } = rig();
  hint.offer([notice("disk:root")]);
  stop.abort();
  hint.release();
  assert.deepEqual(offered(), ["disk:root: full"]);
  hint.offer([notice("disk:root")]);
  assert.deepEqual([offered(), asked()], [["disk:root: full"], 1]);
});

test("an alert that is over before the answer comes is not told", async () => {
  const { hint, clock, offered, answer } = rig();
  hint.offer([notice("disk:root")]);
  hint.offer([]);
  await answer(listing(clock));
  assert.deepEqual(offered(), []);
});
