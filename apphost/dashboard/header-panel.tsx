import { formatClock } from "../snapshot/format.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { type Palette, Row } from "./row.tsx";

export interface HeaderProps {
  readonly snapshot: Snapshot;
  readonly nowUs: number;
  readonly rows: number;
  readonly palette: Palette;
}

function describeWaiting(snapshot: Snapshot, nowUs: number): string {
  const { waitingFor, waitingSinceUs, waitingMsMax, phaseDetail } = snapshot;
  if (waitingFor === null) return phaseDetail;
  const waitedMs = Math.max(0, nowUs - waitingSinceUs) / 1_000;
  const most = waitingMsMax === null ? "s so far" : `of at most ${Math.ceil(waitingMsMax / 1_000)} s`;
  return `waiting for ${waitingFor}, ${Math.floor(waitedMs / 1_000)} ${most}`;
}

/** Line 1: which run, which phase, for how long. Line 2: the infrastructure, since no number means much without it. */
export function HeaderPanel({ snapshot, nowUs, rows, palette }: HeaderProps) {
  const elapsedUs = snapshot.startedAtUs === null ? 0 : nowUs - snapshot.startedAtUs;
  const waiting = describeWaiting(snapshot, nowUs);
  const { infra } = snapshot;
  return (
    <>
      {rows > 0 && (
        <Row
          cells={[
            { text: "flink-apphost ", bold: true },
            { text: `${snapshot.runId}  ` },
            { text: formatClock(elapsedUs), bold: true },
            { text: "  " },
            { text: snapshot.phase.toUpperCase(), bold: true, color: palette.accent },
            { text: waiting === "" ? "" : `  ${waiting}` },
          ]}
        />
      )}
      {rows > 1 && (
        <Row
          cells={
            infra === null
              ? [{ text: "infrastructure not known yet", dim: true }]
              : [
                  { text: "kafka " },
                  { text: `${infra.kafka.mode} ${infra.kafka.version}`, bold: true },
                  { text: ` ${infra.kafka.endpoint}  redis ` },
                  { text: `${infra.redis.mode} ${infra.redis.version}`, bold: true },
                  { text: ` ${infra.redis.endpoint}` },
                ]
          }
        />
      )}
    </>
  );
}
