import { hasFileVariant } from "./table.ts";

/** A table's variables as --help shows them, one a line. */
export function variablesHelp(
  table: Readonly<Record<string, { readonly name: string; readonly shown: string; readonly meaning: string }>>,
): string {
  const rows = Object.values(table).map((variable) => ({
    name: hasFileVariant(variable.name) ? `${variable.name}[_FILE]` : variable.name,
    shown: variable.shown === "" ? "-" : variable.shown,
    meaning: variable.meaning,
  }));
  const nameWidth = Math.max(...rows.map((row) => row.name.length));
  const shownWidth = Math.max(...rows.map((row) => row.shown.length));
  return rows
    .map((row) => `  ${row.name.padEnd(nameWidth)}  ${row.shown.padEnd(shownWidth)}  ${row.meaning}`)
    .join("\n");
}
