/** Plain-text tables. Pure. The first column is text and stands left; all others are figures and stand right. */

export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const formatRow = (row: readonly string[]) =>
    widths
      .map((width, column) => (column === 0 ? (row[column] ?? "").padEnd(width) : (row[column] ?? "").padStart(width)))
      .join("  ")
      .trimEnd();
  return [formatRow(header), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(formatRow)];
}

export type FigureForm =
  | "rate"
  | "ms"
  | "us"
  | "ns"
  | "mebibytes"
  | "bytes"
  | "count"
  | "decimal"
  | "percent"
  | "times";

/** A figure for a person's eye; "-" when it is not known. */
export function formatFigure(value: number | null | undefined, form: FigureForm): string {
  if (value === null || value === undefined) return "-";
  switch (form) {
    case "rate":
      return value >= 1_000_000 ? `${(value / 1_000_000).toFixed(2)} M/s` : `${(value / 1_000).toFixed(0)} k/s`;
    case "ms":
      return `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ms`;
    case "us":
      return value.toFixed(3);
    case "ns":
      return `${value.toFixed(1)} ns`;
    case "mebibytes":
      return `${(value / 2 ** 20).toFixed(0)} MiB`;
    case "bytes":
      return `${Math.round(value)} B`;
    case "percent":
      return `${value.toFixed(2)} %`;
    case "count":
      return String(Math.round(value));
    case "decimal":
      return value.toFixed(2);
    case "times":
      return `${value.toFixed(2)}x`;
  }
}
