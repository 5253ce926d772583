/** Columns for people: as wide as their widest cell, with two spaces between. Pure. */
import { flattenText } from "../snapshot/format.ts";

export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const table = [header, ...rows].map((row) => row.map(flattenText));
  const widths = header.map((_, column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  return table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
