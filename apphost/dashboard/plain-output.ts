/**
 * Output for logs and for people without a dashboard: one line per change, one line per second while something moves, one
 * every few seconds of a validation, and the summary. Each line is `elapsed  source  text`, in columns.
 */
import type { ProgressEvent } from "../../simulator/common/contract/events.ts";
import { formatCheckpointId } from "../../simulator/common/contract/files/checkpoint.ts";
import type { EventFeed } from "../run/event-feed.ts";
import { describeValidation, type EventLine } from "../snapshot/event-text.ts";
import { formatCount, formatMs, formatRate, formatSeconds } from "../snapshot/format.ts";
import { applyEvent, EMPTY_SNAPSHOT } from "../snapshot/snapshot.ts";
import { formatSummary } from "./summary.ts";
import type { Output } from "./ui-mode.ts";

const LONG_MS = 1_000;
/** Most validations are over by then, and say nothing. */
const VALIDATION_INTERVAL_US = 3_000_000;

export interface PlainOutputOptions {
  readonly feed: EventFeed;
  readonly write: (line: string) => void;
  /** True for `quiet`. */
  readonly summaryOnly: boolean;
}

export function startPlainOutput(options: PlainOutputOptions): Output {
  let snapshot = EMPTY_SNAPSHOT;
  let shownProgress = "";
  let validationToldAtUs = 0;
  const unsubscribe = options.feed.subscribe((event) => {
    const before = snapshot;
    snapshot = applyEvent(before, event);
    if (options.summaryOnly) return;
    const elapsedUs = event.atUs - (snapshot.startedAtUs ?? event.atUs);
    if (event.type === "phase" && event.phase === "validating") validationToldAtUs = event.atUs;
    if (event.type === "progress") {
      // A checkpoint alone is no news.
      const moving = formatProgress({ ...event, lastCheckpointId: 0 });
      if (moving !== shownProgress) options.write(formatLine(elapsedUs, "progress", formatProgress(event)));
      shownProgress = moving;
    } else if (event.type === "validation") {
      if (event.atUs - validationToldAtUs < VALIDATION_INTERVAL_US) return;
      validationToldAtUs = event.atUs;
      options.write(formatLine(elapsedUs, "validation", describeValidation(event)));
    } else if (snapshot.recent !== before.recent) {
      const line = snapshot.recent.at(-1) as EventLine;
      const mark = line.level === "info" ? "" : `${line.level.toUpperCase()} `;
      options.write(formatLine(elapsedUs, line.source, `${mark}${line.text}`));
    }
  });
  return {
    async close() {
      unsubscribe();
      if (!options.summaryOnly) options.write("");
      for (const line of formatSummary(snapshot)) options.write(line);
    },
  };
}

const formatLine = (elapsedUs: number, source: string, text: string): string =>
  `${formatSeconds(elapsedUs).padStart(8)}  ${source.padEnd(19)}  ${text}`;

/** The columns keep their places while the numbers grow. */
export function formatProgress(p: ProgressEvent): string {
  const width = formatCount(p.requested).length;
  const processed = `processed ${formatCount(p.processed).padStart(width)}`;
  const requested = formatCount(p.requested);
  const parts = [
    ...(p.round === 0
      ? [`${processed} of ${requested}`]
      : [`produced ${formatCount(p.produced).padStart(width)} of ${requested}`, processed]),
    formatRate(p.processedPerSecond).padStart(11),
    `lag ${formatCount(p.lag).padStart(width)}`,
    `p50 ${formatMs(p.latencyMs.p50)}`,
    `p99 ${formatMs(p.latencyMs.p99)}`,
    p.lastCheckpointId === 0 ? "no checkpoint" : `checkpoint ${formatCheckpointId(p.lastCheckpointId)}`,
  ];
  if (p.rejected > 0) parts.push(`rejected ${formatCount(p.rejected)}`);
  return parts.join("  ");
}

/**
 * For the modes whose standard output is not for it (json, quiet): a person who asked to stop is told on standard error
 * who is being waited for. A run that ends by itself says nothing, unless its end takes long. Returns what ends it.
 */
export function startStopWords(feed: EventFeed, write: (line: string) => void): () => void {
  let snapshot = EMPTY_SNAPSHOT;
  let isAsked = false;
  return feed.subscribe((event) => {
    const before = snapshot;
    snapshot = applyEvent(before, event);
    isAsked ||= event.type === "stopRequested";
    const isLong = event.type === "stopping" && event.waitedMs >= LONG_MS;
    const isOfInterest =
      event.type === "stopRequested" ||
      event.type === "stopping" ||
      (event.type === "waiting" && snapshot.phase === "stopping");
    const line = snapshot.recent.at(-1);
    if (!isOfInterest || !(isAsked || isLong) || line === undefined) return;
    write(`flink-apphost: ${event.type === "waiting" ? "waiting " : ""}${line.text}`);
  });
}
