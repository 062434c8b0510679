import { hasFileVariant, type Variables } from "./table.ts";

/** A table's variables as --help shows them, one a line. */
export function variablesHelp(table: Variables): string {
  const rows = Object.values(table).map((variable) => ({
    name: hasFileVariant(variable) ? `${variable.name}[_FILE]` : variable.name,
    shown: variable.shown === "" ? "-" : variable.shown,
    meaning: variable.meaning,
  }));
  const nameWidth = Math.max(...rows.map((row) => row.name.length));
  const shownWidth = Math.max(...rows.map((row) => row.shown.length));
  return rows
    .map((row) => `  ${row.name.padEnd(nameWidth)}  ${row.shown.padEnd(shownWidth)}  ${row.meaning}`)
    .join("\n");
}
