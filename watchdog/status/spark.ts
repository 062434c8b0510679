import type { Point } from "../history/history.ts";
import { type Html, html, trusted } from "./html.ts";

const DAY_MS = 86_400_000;
/** Columns of a quarter of an hour: as fine as a phone shows, and small on the wire. */
const COLUMNS = 96;

/** One column of a sparkline, in percent. */
export interface Column {
  readonly at: number;
  readonly min: number;
  readonly max: number;
}

/** The points of the last 24 h as columns; those without a measurement are left out. Pure. */
export function columnsOf(points: readonly Point[], nowMonoMs: number): Column[] {
  const columns = new Map<number, Column>();
  for (const { monoMs, min, max } of points) {
    const at = Math.min(COLUMNS - 1, COLUMNS - 1 - Math.floor((nowMonoMs - monoMs) / (DAY_MS / COLUMNS)));
    if (at < 0) continue;
    const known = columns.get(at);
    columns.set(at, { at, min: Math.min(known?.min ?? min, min), max: Math.max(known?.max ?? max, max) });
  }
  return [...columns.values()].sort((a, b) => a.at - b.at);
}

const WIDTH = COLUMNS * 3;
const HEIGHT = 48;

/**
 * A sparkline of 24 h whose right edge is now: the highest of each quarter of an hour, and the limit as a dashed line that is
 * always in sight, so that the distance to it can be seen. Where nothing was measured there is a gap.
 */
export function sparkline(columns: readonly Column[], thresholdPct: number | null, label: string): Html {
  const lowest = Math.min((thresholdPct ?? 100) - 25, ...columns.map(({ min }) => min));
  const low = Math.max(0, Math.floor(lowest / 5) * 5);
  const y = (pct: number): string =>
    (HEIGHT - 1 - ((Math.min(100, Math.max(low, pct)) - low) / (100 - low)) * (HEIGHT - 2)).toFixed(1);
  const [areas, lines] = [areaPath(columns, y), linePath(columns, y)];
  return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}"><path class="area" d="${trusted(areas)}"/>${thresholdPct === null ? html`` : html`<path class="limit" d="M0 ${y(thresholdPct)}H${WIDTH}"/>`}<path class="line" d="${trusted(lines)}"/></svg>`;
}

/** Neighbouring columns together; after a gap a new run begins. */
function runs(columns: readonly Column[]): Column[][] {
  const result: Column[][] = [];
  for (const column of columns) {
    const run = result.at(-1);
    if (run && run.at(-1)?.at === column.at - 1) run.push(column);
    else result.push([column]);
  }
  return result;
}

const left = ({ at }: Column): number => at * 3;
const right = ({ at }: Column): number => at * 3 + 3;

function areaPath(columns: readonly Column[], y: (pct: number) => string): string {
  return runs(columns)
    .map((run) => {
      const [first, last] = [run[0], run.at(-1)];
      return first && last
        ? `M${left(first)} ${HEIGHT}${run.map((column) => `L${left(column)} ${y(column.max)}H${right(column)}`).join("")}L${right(last)} ${HEIGHT}Z`
        : "";
    })
    .join("");
}

/** Through the highest of each column: what an alert is about. */
function linePath(columns: readonly Column[], y: (pct: number) => string): string {
  return runs(columns)
    .map((run) =>
      run
        .map((column, index) => `${index === 0 ? "M" : "L"}${left(column)} ${y(column.max)}H${right(column)}`)
        .join(""),
    )
    .join("");
}
