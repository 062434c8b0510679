import { createHash } from "node:crypto";
import { isWatchdogs, keyOf } from "../kinds.ts";
import { PAGE_TEXTS, type PageTexts } from "../lang/index.ts";
import { type Html, html, trusted } from "./html.ts";
import { SCRIPT } from "./page-script.ts";
import { STYLE } from "./page-style.ts";
import { type Gauge, isWeighty, type PageState, type PageView, type SignalRow, type Tag } from "./page-view.ts";
import { sparkline } from "./spark.ts";

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Nothing from anywhere else, and of our own just these two texts; what is on the page cannot run, load or send anything. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "img-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const COLOURS: Record<PageState, string> = {
  alert: "#d33c27",
  undelivered: "#e0962a",
  blind: "#e0962a",
  unwatched: "#e0962a",
  stale: "#e0962a",
  well: "#2a9d63",
  starting: "#8a94a0",
  off: "#8a94a0",
};
const SIGNS: Record<PageState, string> = {
  alert: "🔴 ",
  undelivered: "🟠 ",
  blind: "🟠 ",
  unwatched: "🟠 ",
  stale: "🟠 ",
  well: "",
  starting: "",
  off: "",
};
const iconOf = (colour: string): string =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${colour}"/></svg>`)}`;

/** Shapes, because colour alone is not enough: a tick, an exclamation mark, a dash. */
const SHAPES: Record<"tick" | "mark" | "dash", Html> = {
  tick: trusted(
    '<path d="M9 15.5l4 4 8-9" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>',
  ),
  mark: trusted(
    '<path d="M15 8v9" fill="none" stroke="currentColor" stroke-width="3.4" stroke-linecap="round"/><circle cx="15" cy="22" r="2" fill="currentColor"/>',
  ),
  dash: trusted('<path d="M9 15h12" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round"/>'),
};
const SHAPE_OF: Record<PageState, keyof typeof SHAPES> = {
  well: "tick",
  alert: "mark",
  undelivered: "mark",
  blind: "mark",
  unwatched: "mark",
  stale: "mark",
  starting: "dash",
  off: "dash",
};

/** The page as one document. Pure: it shows what the view says, and everything foreign in it is escaped. `linkQuery`: what its links ask with, as `?token=…`. */
export function renderPage(view: PageView, linkQuery = ""): string {
  const texts = PAGE_TEXTS[view.lang];
  return `<!doctype html>${
    html`
<html lang="${view.lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">
<title>${SIGNS[view.state]}${texts.title(view.host)}</title><link rel="icon" id="icon" href="${iconOf(COLOURS[view.state])}"><style>${trusted(STYLE)}</style>
<noscript><meta http-equiv="refresh" content="${Math.ceil(view.refreshMs / 1000)}"></noscript></head>
<body><div class="bar" id="bar" role="status" hidden><p></p></div>${main(view, texts, linkQuery)}<script>${trusted(SCRIPT)}</script></body></html>
`.html
  }`;
}

function main(view: PageView, texts: PageTexts, linkQuery: string): Html {
  const { state, tick } = view;
  return html`<main id="view" class="${state}" data-state="${state}" data-age-ms="${tick ? Math.round(tick.ageMs) : ""}" data-stale-ms="${view.staleAfterMs}" data-refresh-ms="${view.refreshMs}" data-build="${view.version}"
 data-units="${JSON.stringify(texts.units)}" data-old="${texts.old}" data-gone="${texts.gone}" data-refused="${texts.refused}" data-sign="${SIGNS[state]}" data-title="${texts.title(view.host)}" data-icon="${iconOf(COLOURS[state])}" data-grey="${iconOf("#8a94a0")}">
${hero(view, texts)}${section(texts.headings.bad, view.bad.length > 0 && badList(view, texts))}
<div class="columns"><div>${section(texts.headings.gauges, view.gauges.length > 0 && html`<ul class="card">${view.gauges.map((gauge) => gaugeRow(gauge, texts))}</ul>`)}</div>
<div>${section(texts.headings.sources, view.sources.length > 0 && html`<ul class="card sources">${view.sources.map((source) => sourceRow(source, view, texts))}</ul>`)}${section(texts.headings.delivery, delivery(view, texts))}${section(texts.headings.messages, messages(view, texts))}
${section(texts.headings.muted, view.muted.length > 0 && html`<div class="card"><div>${view.muted.join(", ")}${view.mutedExcept.length > 0 ? html`<p class="small">${texts.mutedExcept(view.mutedExcept.join(", "))}</p>` : html``}${mutedNow(view, texts)}</div></div>`)}
${section(texts.headings.problems, view.problems.length > 0 && html`<ul class="card">${view.problems.map((problem) => html`<li class="small">${problem}</li>`)}</ul>`)}</div></div>
${good(view, texts)}
<footer><p>${tick ? texts.footer(view.version, texts.duration(view.nowMs - view.startedAtMs), tick.count, Math.round(tick.tookMs)) : `Watchdog ${view.version}`}</p><a href="/status${linkQuery}">/status</a><a href="/metrics${linkQuery}">/metrics</a></footer></main>`;
}

/** So many alerts are shown in full, and so many messages at once; the rest is a touch away. */
const FULL = 8;
const LATEST = 10;

const section = (heading: string, content: Html | false): Html =>
  content ? html`<section><h2>${heading}</h2>${content}</section>` : html``;
const timeOf = (view: PageView, wallMs: number): string => PAGE_TEXTS[view.lang].time(wallMs, view.nowMs);

function hero(view: PageView, texts: PageTexts): Html {
  const { state, bad } = view;
  const shown = bad.filter((row) => isWeighty(row) && row.topic.kind !== "blind");
  const mutedBad = bad.filter(({ tags }) => tags.includes("muted")).length;
  const headline = state === "alert" ? texts.states.alert(shown.length) : texts.states[state];
  const names = shown.map(({ title }) => title);
  const hint =
    state === "alert"
      ? names.slice(0, 3).join(" · ") + (names.length > 3 ? ` · +${names.length - 3}` : "")
      : state === "well"
        ? texts.hints.well(view.good.length + bad.length)
        : texts.hints[state];
  return html`<header class="hero"><h1><svg viewBox="0 0 30 30" aria-hidden="true"><circle cx="15" cy="15" r="13.5" fill="none" stroke="currentColor" stroke-width="2.4"/>${SHAPES[SHAPE_OF[state]]}</svg><span>${headline}</span></h1>
<p class="text">${hint}</p>${state === "alert" && view.delivery.lastError !== null ? html`<p><strong>${texts.hints.undelivered}</strong></p>` : html``}${mutedBad > 0 ? html`<p class="where">${texts.hints.mutedBad(mutedBad)}</p>` : html``}
<p class="where">${view.host} · ${texts.zone(view.nowMs)}${view.tick ? html` · <span class="checked" data-text="${texts.checked}">${texts.checked.replace("{}", texts.duration(view.tick.ageMs))}</span>` : html``}</p></header>`;
}

function tagList({ tags, toldAtMs }: SignalRow, view: PageView, texts: PageTexts): Html {
  const text = (tag: Tag): string =>
    tag === "told" ? texts.tags.told(toldAtMs === null ? "" : timeOf(view, toldAtMs)) : texts.tags[tag];
  return tags.length > 0
    ? html`<p class="tags">${tags.map((tag) => html`<span class="tag ${tag}">${text(tag)}</span>`)}</p>`
    : html``;
}

const sinceText = (sinceMs: number | null, view: PageView, texts: PageTexts): string =>
  sinceMs === null ? "" : texts.since(timeOf(view, sinceMs), texts.duration(view.nowMs - sinceMs));

function badCard(row: SignalRow, view: PageView, texts: PageTexts): Html {
  const tone =
    row.tags.includes("muted") || row.tags.includes("over") ? "quiet" : row.topic.kind === "blind" ? "amber" : "";
  return html`<li class="${tone}"><h3>${row.title}</h3><p class="when">${sinceText(row.sinceMs, view, texts)}</p><p class="text">${row.detail}</p>${row.cause === undefined ? html`` : html`<p class="text">${texts.cause(row.cause)}</p>`}${tagList(row, view, texts)}</li>`;
}

/** In a storm the first ones in full, the others one line each. */
function badList(view: PageView, texts: PageTexts): Html {
  const others = view.bad
    .slice(FULL)
    .map(
      (row) =>
        html`<details id="b:${row.id}"><summary>${row.title} <span class="small">${sinceText(row.sinceMs, view, texts)}</span></summary><ul><li><p class="text">${row.detail}</p>${tagList(row, view, texts)}</li></ul></details>`,
    );
  return html`<ul class="cards">${view.bad.slice(0, FULL).map((row) => badCard(row, view, texts))}</ul>${others.length > 0 ? html`<div class="card more">${others}</div>` : html``}`;
}

function gaugeRow(gauge: Gauge, texts: PageTexts): Html {
  const { label, usedPct, freeBytes, totalBytes, inodePct, stale, thresholdPct, columns } = gauge;
  const name = label ?? texts.gauge.memory;
  const facts = [
    ...(stale ? [texts.gauge.stale] : []),
    ...(freeBytes === null || totalBytes === null
      ? []
      : [texts.gauge.free(texts.size(freeBytes), texts.size(totalBytes))]),
    ...(thresholdPct === null ? [] : [texts.gauge.threshold(thresholdPct)]),
    ...(inodePct === null ? [] : [texts.gauge.inodes(inodePct)]),
    ...(columns.length === 0 ? [texts.gauge.empty] : []),
  ];
  const range =
    columns.length === 0
      ? ""
      : texts.gauge.range(
          Math.round(Math.min(...columns.map(({ min }) => min))),
          Math.round(Math.max(...columns.map(({ max }) => max))),
        );
  return html`<li class="gauge"><span class="name">${name}</span>${usedPct === null ? html`<span class="bad-text">${texts.gauge.unread}</span>` : html`<b class="${stale ? "old" : gauge.isBad ? "bad" : ""}">${usedPct}%</b>`}<span class="small">${facts.join(" · ")}</span>${columns.length === 0 ? html`` : sparkline(columns, thresholdPct, `${name}: ${range}`)}</li>`;
}

function sourceRow(source: PageView["sources"][number], view: PageView, texts: PageTexts): Html {
  const { name, state, error, lastOkAtMs } = source;
  const last = lastOkAtMs === null ? texts.source.never : texts.source.lastOk(timeOf(view, lastOkAtMs));
  if (state !== "failed")
    return html`<li class="${state}" title="${texts.source[state]}"><span class="sign" aria-label="${texts.source[state]}">${state === "ok" ? "✓" : "–"}</span>${texts.sources[name]}</li>`;
  return html`<li class="failed"><span class="sign">!</span><strong>${texts.sources[name]}</strong> ${texts.source.failed}<p class="small">${error ?? ""}</p><p class="small">${last}</p></li>`;
}

function delivery(view: PageView, texts: PageTexts): Html {
  const { channel, pending, lastOkAtMs, lastError } = view.delivery;
  const row = (name: string, value: string, tone = ""): Html =>
    html`<li class="row"><span>${name}</span><span class="${tone}">${value}</span></li>`;
  return html`<ul class="card">${row(texts.delivery.to, texts.delivery.channel[channel] ?? channel)}${row(texts.delivery.lastOk, lastOkAtMs === null ? texts.delivery.never : timeOf(view, lastOkAtMs))}${row(texts.delivery.pending, String(pending), pending > 0 ? "bad-text" : "")}${lastError === null ? html`` : html`<li><p class="small">${texts.delivery.error}</p><p class="bad-text text">${lastError}</p></li>`}</ul>`;
}

function mutedNow(view: PageView, texts: PageTexts): Html {
  const keys = view.bad.filter(({ tags }) => tags.includes("muted")).map(({ topic }) => keyOf(topic));
  return keys.length > 0 ? html`<p class="small">${texts.mutedNow(keys.join(", "))}</p>` : html``;
}

/** A title names the fault; under "in order" it would frighten. */
function subjectOf({ topic: { kind, subject }, title }: SignalRow, texts: PageTexts): string {
  const name = isWatchdogs(kind) ? texts.subjects[kind] : undefined;
  return name === undefined ? title : [name, ...(subject === undefined ? [] : [subject])].join(" ");
}

function good(view: PageView, texts: PageTexts): Html {
  if (view.good.length === 0) return html``;
  const names = view.good.map((row) => subjectOf(row, texts));
  const rows = view.good.map(
    (row, index) =>
      html`<li><div class="row"><span>${names[index]}</span><span>${sinceText(row.sinceMs, view, texts)}</span></div><p class="small">${row.detail}</p>${tagList(row, view, texts)}</li>`,
  );
  return section(
    `${texts.headings.good}: ${view.good.length}`,
    html`<div class="card"><details id="good"><summary>${names.slice(0, 4).join(" · ")}${names.length > 4 ? " …" : ""}</summary><ul>${rows}</ul></details></div>`,
  );
}

function messages(view: PageView, texts: PageTexts): Html {
  if (view.messages.length === 0) return html`<div class="card"><div class="small">${texts.noMessages}</div></div>`;
  const items = view.messages.map(({ id, atMs, channel, blocks }) => {
    const [first, ...others] = blocks;
    const via = channel === view.delivery.channel ? "" : ` · ${texts.delivery.channel[channel] ?? channel}`;
    const body = [first?.body ?? "", ...others.map(({ head, body: text }) => `\n${head}\n${text}`)].join("\n");
    // The host stands on top of the page already.
    const head = (text: string): string => text.replace(`${view.host} · `, "");
    return html`<details class="message" id="m${id}"><summary><span class="head">${head(first?.head ?? "")}${others.length > 0 ? ` +${others.length}` : ""}</span><time>${timeOf(view, atMs)}${via}</time></summary><p class="text">${body}</p></details>`;
  });
  const older = items.slice(LATEST);
  return html`<div class="card">${items.slice(0, LATEST)}${older.length > 0 ? html`<details id="older"><summary class="small">${texts.older(older.length)}</summary>${older}</details>` : html``}</div>`;
}
