import { formatSeconds } from "../snapshot/format.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { type Palette, Row, Title } from "./row.tsx";

export interface EventsProps {
  readonly snapshot: Snapshot;
  readonly columns: number;
  readonly rows: number;
  readonly palette: Palette;
}

/** The newest events, newest last, as plain output would print them. */
export function EventsPanel({ snapshot, columns, rows, palette }: EventsProps) {
  if (rows === 0) return null;
  const startedAtUs = snapshot.startedAtUs ?? 0;
  const lines = rows > 1 ? snapshot.recent.slice(-(rows - 1)) : [];
  const colors = { info: undefined, warn: palette.warn, error: palette.bad };
  return (
    <>
      <Title name="EVENTS" detail="" columns={columns} />
      {lines.map((line, index) => (
        <Row
          // biome-ignore lint/suspicious/noArrayIndexKey: events have no identity but their place.
          key={index}
          cells={[
            { text: `${formatSeconds(line.atUs - startedAtUs).padStart(8)}  `, dim: true },
            { text: `${line.source.padEnd(19)} ` },
            {
              text: line.level === "info" ? "" : `${line.level.toUpperCase()} `,
              bold: true,
              color: colors[line.level],
            },
            { text: line.text, color: colors[line.level] },
          ]}
        />
      ))}
    </>
  );
}
