import assert from "node:assert/strict";
import test from "node:test";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { layerOf, readSources } from "./sources.ts";

/** The flow, earliest first: a layer may import those before it, never those after it. Each with the reason that stands when it breaks. */
const FLOW: readonly (readonly [layer: string, reason: string])[] = [
  ["clock", "a leaf: two clocks, known to everyone"],
  ["redactor", "a leaf: what a secret is made of, for the text functions"],
  ["safe", "a leaf: pure text functions, known to everyone"],
  ["line-writer", "a leaf: lines to a device that may take none of them"],
  ["log", "a leaf: everyone may log, the log knows nobody"],
  ["output", "standard output and error: what the log and the commands write to"],
  ["exit", "a leaf: how a program ends, whatever it was doing"],
  ["kinds", "a leaf: what kinds of signals there are, known to everyone"],
  ["usage", "a leaf: how full something is, whoever measures, judges or shows it"],
  ["docker-disk", "a leaf: through which path Docker's disk is seen"],
  ["thread-pool", "a leaf: what may hang and how much of it, whoever runs it"],
  ["contain", "the net under a program: log and text, nothing of the pipeline"],
  ["history", "bounded memories of plain values; they know nothing of where those come from"],
  ["net", "requests and their limits, whoever asks"],
  ["lang", "texts are functions of plain facts; the configuration allows the languages that are listed here"],
  ["config", "the configuration is parsed before anything exists that it configures"],
  ["facts", "what the surroundings say, for the configuration"],
  ["engine", "the Docker Engine API by GET alone, whoever asks it"],
  ["collectors", "the world comes in here: a reading must not depend on what is made of it"],
  ["history", "what was measured before, for whoever judges or shows it"],
  ["signals", "pure: readings and memory become signals, without knowing what is told"],
  ["decide", "pure: signals become notices, without knowing how they look"],
  ["messages", "pure: notices become text, without knowing where it goes"],
  ["notify", "the world, out: sending must not know who asked for it"],
  ["state", "what outlives a restart: it reads the layers' memories, they know nothing of a file"],
  ["daemon", "the pipeline, top to bottom"],
  ["status", "a read-only view of the last tick"],
  ["cli", "the commands: each starts what it needs"],
  ["main", "the only reader of argv and of the environment"],
];
/** Another program: it may use the observer's parts, nothing may use it. */
const PRUNER = "pruner";

const sources = readSources();
const position = (layer: string): number => FLOW.findIndex(([name]) => name === layer);

test("every folder and file of watchdog/ has its place in the flow", () => {
  const layers = new Set(sources.map(({ layer }) => layer).filter((layer) => layer !== PRUNER));
  assert.deepEqual(
    [...layers].filter((layer) => position(layer) === -1),
    [],
    "a new layer needs a place in FLOW, with a reason",
  );
  assert.ok(layers.size > 10, "the sources were found");
});

test("imports run one way along the flow", () => {
  const back: string[] = [];
  for (const { path, layer, imports } of sources.filter((source) => source.layer !== PRUNER)) {
    for (const target of imports) {
      const to = layerOf(target);
      if (to === PRUNER)
        back.push(`${path} imports ${target}: the pruner can change things, so nothing of the observer may reach it`);
      else if (position(to) > position(layer))
        back.push(`${path} imports ${target}, which comes later in the flow. ${layer}: ${FLOW[position(layer)]?.[1]}`);
    }
  }
  assert.deepEqual(back, []);
});

test("leaves import nothing but leaves before them", () => {
  const leaves = [
    "clock",
    "redactor",
    "safe",
    "line-writer",
    "log",
    "exit",
    "kinds",
    "usage",
    "docker-disk",
    "thread-pool",
  ];
  for (const [index, leaf] of leaves.entries()) {
    const before = leaves.slice(0, index).map((name) => `${name}.ts`);
    assert.deepEqual(
      sources.find(({ path }) => path === `${leaf}.ts`)?.imports.filter((path) => !before.includes(path)),
      [],
      leaf,
    );
  }
});

test("no two files import each other, directly or in a circle", () => {
  const graph = new Map(sources.map(({ path, imports }) => [path, imports]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(path), `a circle: ${[...trail.slice(trail.indexOf(path)), path].join(" → ")}`);
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
});

test("every import names a file that exists, with its extension", () => {
  const paths = new Set(sources.map(({ path }) => path));
  assert.deepEqual(
    sources.flatMap(({ path, imports }) =>
      imports.filter((target) => !paths.has(target)).map((target) => `${path}: ${target}`),
    ),
    [],
  );
});

test("what decides is pure: no clock, no chance, no environment, no module of Node", () => {
  const impure =
    /\bDate\.now\b|\bnew Date\(\)|\bperformance\b|\bMath\.random\b|\bprocess\.|\bset(?:Timeout|Interval|Immediate)\b|\bfetch\b/;
  for (const { path, layer, code, builtins } of sources.filter((source) =>
    ["signals", "decide", "messages", "lang"].includes(source.layer),
  )) {
    assert.deepEqual(builtins, [], `${path}: ${layer} takes data, never the world`);
    assert.doesNotMatch(code, impure, `${path}: ${layer} takes moments as numbers, never a clock`);
  }
});

test("what a reading that is off or failed does to its signals stands in familyOf alone", () => {
  const deciders = sources.filter(({ code }) => /\bstate: "(?:frozen|off)" \}/.test(code)).map(({ path }) => path);
  assert.deepEqual(deciders, ["collectors/reading.ts", "signals/signal.ts"], "a builder gives familyOf its reading");
});

test("the parts of a text are joined in one place, and nobody looks for them in a text again", () => {
  const where = (look: RegExp): string[] => sources.filter(({ code }) => look.test(code)).map(({ path }) => path);
  // A card has a heading of its own, and the state file reads the texts of the first versions.
  assert.deepEqual(where(/messages\.advice\b/), ["lang/detail.ts", "messages/render.ts", "state/codec.ts"]);
  for (const heading of Object.values(LANGS).map(({ messages }) => messages.advice))
    assert.equal(where(new RegExp(heading)).length, 1, `${heading} is written once`);
  // `once` indents a report that is one text already.
  const takesApart =
    /\b(?:detail|advice|facts)\.(?:startsWith|endsWith|split|match|replace(?:All)?)\(|\.(?:test|exec)\((?:\w+\.)*(?:detail|advice)\b/;
  assert.deepEqual(
    where(takesApart).filter((path) => !path.startsWith("cli/doctor/")),
    ["cli/once.ts"],
  );
  const code = sources.find(({ path }) => path === "messages/render.ts")?.code ?? assert.fail("the renderer is gone");
  assert.doesNotMatch(code, /\.(?:startsWith|endsWith|split|match|test|exec)\(/, "it gets the parts, not a text");
});

test("the environment and argv are read by a main alone", () => {
  for (const { path, code } of sources.filter((source) => !/(^|\/)main\.ts$/.test(source.path)))
    assert.doesNotMatch(code, /process\.(?:env|argv)\b/, path);
});

test("no source silences the type checker", () => {
  for (const { path, code } of sources) assert.doesNotMatch(code, /:\s*any\b|\bas any\b|<any>/, path);
});

test("the stages are composed in one place, and messages made ready in one for both programs", () => {
  const callers = (name: string): string[] =>
    sources.filter(({ code }) => new RegExp(`(?<!function )\\b${name}\\(`).test(code)).map(({ path }) => path);
  assert.deepEqual(callers("createWatch"), ["daemon/pipeline.ts"]);
  assert.deepEqual(callers("createOutbox"), ["notify/delivery.ts"]);
  assert.deepEqual(callers("createDelivery"), ["daemon/pipeline.ts", "pruner/daemon.ts"]);
});

test("what is known of the host, and each formula of its use, is written in one place", () => {
  const places: readonly (readonly [fact: RegExp, path: string])[] = [
    [/\/\.dockerenv/, "facts.ts"],
    [/\bhostname\(\)/, "facts.ts"],
    [/["'`]\/etc\/hostname/, "docker-disk.ts"],
    [/\/var\/lib\/docker\b/, "docker-disk.ts"],
    [/\bDockerRootDir\b/, "engine/info.ts"],
    [/\bMinAPIVersion\b/, "engine/version.ts"],
    [/\btotalBytes - \w*\.?availableBytes\b/, "usage.ts"],
    [/\busedBytes \+ \w*\.?availableBytes\b/, "usage.ts"],
    [/\bblocks - \w*\.?freeBlocks\b/, "collectors/disk.ts"],
  ];
  for (const [fact, path] of places)
    assert.deepEqual(
      sources.filter(({ code }) => fact.test(code)).map((source) => source.path),
      [path],
      String(fact),
    );
});

test("a builder, a collector and a channel take the areas of the configuration that they need", () => {
  const composers = ["collectors/index.ts", "signals/index.ts"];
  const layers = ["collectors", "signals", "decide", "messages", "notify"];
  const whole = sources.filter(
    ({ layer, imports }) =>
      layers.includes(layer) &&
      ["config/variables.ts", "config/config.ts", "config/pruner.ts"].some((path) => imports.includes(path)),
  );
  assert.deepEqual(
    whole.map(({ path }) => path),
    composers,
    "only what composes all of them takes all of it",
  );
});

test("each file of variables is in a program's list of areas", () => {
  const areas = sources.filter(({ layer, code }) => layer === "config" && /export const \w+_VARIABLES = \{/.test(code));
  assert.ok(areas.length > 20, "they were found");
  const listed = ["config/variables.ts", "config/pruner.ts", "notify/channels/settings.ts"];
  const imported = new Set(sources.filter(({ path }) => listed.includes(path)).flatMap(({ imports }) => imports));
  assert.deepEqual(
    areas.map(({ path }) => path).filter((path) => !imported.has(path) && !listed.includes(path)),
    [],
  );
});
