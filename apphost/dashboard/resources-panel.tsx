import { fitText } from "../snapshot/format.ts";
import type { ResourceLine } from "./resource-lines.ts";
import { type Palette, Row } from "./row.tsx";

export interface ResourcesProps {
  readonly lines: readonly ResourceLine[];
  readonly columns: number;
  readonly rows: number;
  readonly palette: Palette;
}

/** A mark, so that trouble is seen without colour. */
const MARKS = { info: " ", warn: "!", error: "X" } as const;
const TITLES = {
  name: "RESOURCE",
  state: "STATE",
  health: "HEALTH",
  restarts: "RESTARTS",
  pid: "PID",
  endpoint: "ENDPOINT",
  reason: "",
};
const NARROW_COLUMNS_MAX = 119;

export function ResourcesPanel({ lines, columns, rows, palette }: ResourcesProps) {
  if (rows === 0) return null;
  const isNarrow = columns <= NARROW_COLUMNS_MAX;
  const colors = { info: undefined, warn: palette.warn, error: palette.bad };
  const title = formatColumns(isNarrow ? { ...TITLES, restarts: "RST" } : TITLES, isNarrow);
  return (
    <>
      <Row cells={[{ text: `  ${title}`, dim: true }]} />
      {lines.slice(0, rows - 1).map((line) => (
        <Row
          key={line.name}
          cells={[
            {
              text: `${MARKS[line.level]} ${formatColumns(line, isNarrow)}`,
              color: colors[line.level],
              bold: line.level === "error",
            },
          ]}
        />
      ))}
    </>
  );
}

/** In 80 columns: 2 + 20 + 14 + 11 + 4, and 29 for the endpoint or, more important, the reason. */
function formatColumns(line: Omit<ResourceLine, "level">, isNarrow: boolean): string {
  const start = `${fitText(line.name, 19)} ${fitText(line.state, 13)} ${fitText(line.health, 10)} `;
  if (isNarrow)
    return `${start}${fitText(line.restarts, 3).padStart(3)} ${line.reason === "" ? line.endpoint : line.reason}`;
  return `${start}${fitText(line.restarts, 8)} ${fitText(line.pid, 8)} ${fitText(line.endpoint, 24)} ${line.reason}`;
}
