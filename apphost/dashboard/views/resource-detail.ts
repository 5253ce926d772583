/** All there is to know of one resource: its state and why, what it used, how it ended before, its log's tail. Pure. */

import type { FlinkTaskManagerFigures } from "../../../simulator/common/contract/events.ts";
import type { ResourceDescription } from "../../model/description.ts";
import type { ResourceEvent } from "../../snapshot/event-text.ts";
import {
  flattenText,
  formatAmount,
  formatClock,
  formatCount,
  formatMebibytes,
  formatPartitions,
  formatRate,
  formatSeconds,
  formatTimes,
} from "../../snapshot/format.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { drawSparkline } from "../charts/sparkline.ts";
import { joinSides, type Row, SIDES_GAP_COLUMNS, takeRows, titleRow, wrapText } from "../rows.ts";
import { colored, LEVEL_COLORS, type ViewProps } from "./view-props.ts";

/** The log has at least these, and a third of the view. */
const LOG_ROWS_MIN = 4;
/** The longest of them, `waited for by`, and a gap. */
const LABEL_COLUMNS = 15;
const SIDES_COLUMNS_MIN = 160;
const HISTORY_COLUMNS = 30;
const EXITS_MAX = 3;
const LAST_LINES_MAX = 3;

export function drawResourceDetail(props: ViewProps): readonly Row[] {
  const { snapshot, state, columns, rows, glyphs } = props;
  const name = state.detail ?? "";
  const resource = snapshot.resources.find((one) => one.name === name);
  if (resource === undefined) {
    return takeRows([titleRow(name, "it is no part of the system any more", columns, glyphs)], rows);
  }
  if (columns < SIDES_COLUMNS_MIN) {
    const facts = listFacts(props, resource);
    const logRows = Math.min(rows - 1, Math.max(LOG_ROWS_MIN, Math.floor(rows / 3), rows - 1 - facts.length));
    return [...drawFacts(props, resource, facts, rows - logRows), ...drawTail(props, logRows)];
  }
  const left = { ...props, columns: Math.floor((columns - SIDES_GAP_COLUMNS) / 2) };
  const right = { ...props, columns: columns - SIDES_GAP_COLUMNS - left.columns };
  return joinSides(drawFacts(left, resource, listFacts(left, resource), rows), drawTail(right, rows), left.columns);
}

function listFacts(props: ViewProps, resource: ResourceEvent): readonly Row[] {
  const { name } = resource;
  const description = props.state.descriptions.find((one) => one.name === name);
  return [
    ...drawState(props, resource),
    ...drawUse(props, resource),
    ...drawRelations(props, resource, description),
    ...drawExits(props, name),
    ...drawEnvironment(description, props.columns),
  ];
}

/** As many as there is room for, and how many more there are. */
function drawFacts(
  { state, columns, glyphs }: ViewProps,
  { name, kind }: ResourceEvent,
  facts: readonly Row[],
  rows: number,
): readonly Row[] {
  const room = Math.max(0, rows - 1);
  const top = Math.min(state.scrolled.detail ?? 0, Math.max(0, facts.length - room));
  const more = facts.length - top - room;
  const detail = `${kind}${more > 0 ? `, ${formatAmount(more, "more row")} below: j` : ""}`;
  return takeRows([titleRow(name, detail, columns, glyphs), ...facts.slice(top, top + room)], rows);
}

function drawTail({ columns, glyphs, drawLog }: ViewProps, rows: number): readonly Row[] {
  if (rows < 2) return takeRows([], rows);
  return takeRows([titleRow("LOG", "its end; l for all of it", columns, glyphs), ...drawLog(rows - 1, columns)], rows);
}

const labelled = (label: string, text: string, color?: string): Row => [
  { text: label.padEnd(LABEL_COLUMNS), dim: true },
  { text, ...colored(color) },
];

function drawState({ snapshot, nowUs }: ViewProps, resource: ResourceEvent): readonly Row[] {
  const { name, state, health, reason, pid, endpoint, restarts } = resource;
  const sinceUs = snapshot.since[name];
  const since = sinceUs === undefined ? "" : ` for ${formatClock(nowUs - sinceUs)}`;
  const level = state === "failedToStart" ? "error" : health === "unhealthy" ? "warn" : "info";
  return [
    labelled("state", `${state}${since}${reason === "" ? "" : `: ${flattenText(reason)}`}`, LEVEL_COLORS[level]),
    labelled("health", `${health}${pid === null ? "" : `, pid ${pid}`}, restarts ${restarts}`),
    ...(endpoint === null ? [] : [labelled("address", endpoint)]),
  ];
}

function drawUse({ snapshot, glyphs, columns }: ViewProps, { name, kind }: ResourceEvent): readonly Row[] {
  const used = snapshot.usage?.processes.find((process) => process.name === name);
  const width = Math.max(5, Math.min(HISTORY_COLUMNS, columns - 40));
  const history = (values: readonly number[] | undefined) =>
    drawSparkline({ values: values ?? [] }, { columns: width, rows: 1, glyphs })
      .flat()
      .map(({ text }) => text)
      .join("");
  const rows: Row[] = [];
  if (used !== undefined) {
    rows.push(
      labelled("cpu", `${history(snapshot.cpuHistory[name])} ${Math.round(used.cpuPercent)} % of a core`),
      labelled("memory", `${history(snapshot.memoryHistory[name])} ${formatMebibytes(used.rssBytes)}`),
    );
  }
  const member = snapshot.progress?.taskManagers.find((one) => one.name === name);
  if (kind !== "taskmanager" || member === undefined) return rows;
  const owned = snapshot.progress?.partitions.filter(({ owner }) => owner === name) ?? [];
  const lag = owned.some((one) => one.lag === null) ? null : owned.reduce((sum, one) => sum + (one.lag ?? 0), 0);
  const { partitions, processed, perSecond, flink } = member;
  if (flink !== undefined) return [...rows, ...drawFlinkFigures(flink, perSecond)];
  const names = partitions === null || partitions.length === 0 ? "none" : formatPartitions(partitions);
  rows.push(
    labelled("partitions", `${names}, lag ${formatCount(lag)}`),
    labelled("processed", `${formatCount(processed)}, ${formatRate(perSecond)}`),
  );
  return rows;
}

/** As Flink's own dashboard counts: since the job was started last. */
const drawFlinkFigures = (flink: FlinkTaskManagerFigures, perSecond: number | null): readonly Row[] => [
  labelled("records in", `${formatCount(flink.recordsIn)}, ${formatRate(perSecond)}`),
  labelled("records out", formatCount(flink.recordsOut)),
  labelled("sources", formatTimes(flink)),
  labelled("latency", "not applicable: Flink records none"),
];

function drawRelations(
  { snapshot, state }: ViewProps,
  { name }: ResourceEvent,
  description: ResourceDescription | undefined,
): readonly Row[] {
  if (description === undefined) return [];
  const group = description.properties.group;
  const waits = description.relationships.map(({ resourceName, until }) => `${resourceName} (${until})`);
  const waiting = state.descriptions.filter(({ relationships }) =>
    relationships.some(({ resourceName }) => resourceName === name || resourceName === group),
  );
  const known = new Set(snapshot.resources.map((resource) => resource.name));
  const waiters = summarize(waiting.map((one) => one.name).filter((one) => known.has(one)));
  return [
    ...(waits.length === 0 ? [] : [labelled("waits for", waits.join(", "))]),
    ...(waiters === "" ? [] : [labelled("waited for by", waiters)]),
  ];
}

const NAMES_MAX = 4;

const summarize = (names: readonly string[]): string =>
  names.length <= NAMES_MAX
    ? names.join(", ")
    : `${names.slice(0, NAMES_MAX).join(", ")} and ${names.length - NAMES_MAX} more`;

/** How its processes ended, the newest first. */
function drawExits({ snapshot, columns }: ViewProps, name: string): readonly Row[] {
  const exits = snapshot.exits.filter((exit) => exit.name === name);
  const rows = exits
    .slice(-EXITS_MAX)
    .reverse()
    .flatMap((exit, index) => {
      const pid = exit.pid === null ? "" : `pid ${exit.pid}: `;
      const head = labelled(
        index === 0 ? "ended" : "",
        `${timeOf(exit, snapshot)} ${pid}${exit.detail}${exit.asked ? ", as asked" : ""}`,
        exit.asked ? undefined : "warn",
      );
      const lines = exit.lastLines.slice(-LAST_LINES_MAX);
      return [head, ...lines.map((line) => indented(flattenText(line).slice(0, columns)))];
    });
  const older = exits.length - EXITS_MAX;
  return older > 0 ? [...rows, indented(`and ${older} before`)] : rows;
}

const timeOf = ({ atUs }: { readonly atUs: number }, { startedAtUs }: Snapshot): string =>
  `at ${formatSeconds(atUs - (startedAtUs ?? atUs))}`;

const indented = (text: string): Row => [{ text: `${" ".repeat(LABEL_COLUMNS)}${text}`, dim: true }];

/** Secrets are masked by the host. */
function drawEnvironment(description: ResourceDescription | undefined, columns: number): readonly Row[] {
  const variables = Object.entries(description?.environment ?? {});
  return variables.flatMap(([name, value], index) => {
    const [first = "", ...more] = wrapText(`${name}=${flattenText(value)}`, columns - LABEL_COLUMNS);
    return [labelled(index === 0 ? "environment" : "", first), ...more.map(indented)];
  });
}
