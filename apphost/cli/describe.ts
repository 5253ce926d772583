/**
 * `describe`: what runs. A snapshot is one document, sorted; `--follow` prints the resources as they change, as NDJSON or
 * as lines, and its end is the end of the host.
 */

import { askRunningHost, followRunningHost, type HostChoice, requireRunningHost } from "../control/running-host.ts";
import type { HostDescription, ResourceDescription } from "../model/description.ts";
import { formatTable } from "./table.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";

export interface DescribeOptions extends HostChoice {
  readonly format: "table" | "json";
  readonly follow: boolean;
  readonly showSecrets: boolean;
}

export async function runDescribe(options: DescribeOptions, terminal: Terminal): Promise<number> {
  const host = requireRunningHost(options);
  const { format, showSecrets } = options;
  const asking = { signal: terminal.ended, tell: noteLongWait(terminal) };
  if (options.follow) {
    for await (const item of followRunningHost(host, { request: "follow", showSecrets }, asking)) {
      const resource = item as ResourceDescription;
      await terminal.write(format === "json" ? JSON.stringify(resource) : describeInLine(resource));
    }
    return 0;
  }
  const answer = await askRunningHost(host, { request: "describe", showSecrets }, asking);
  const description = answer as HostDescription;
  if (format === "json") await terminal.write(JSON.stringify(description, null, 2));
  else for (const line of formatDescription(description)) await terminal.write(line);
  return 0;
}

const HEADER = ["NAME", "STATE", "HEALTH", "PID", "RESTARTS", "URL", "REASON"];

export function formatDescription(description: HostDescription): string[] {
  const { runId, runDir, phase, job, topic, resources, hostPid } = description;
  return [
    `run ${runId}, ${phase}, host pid ${hostPid}, in ${runDir}`,
    `job ${job.id} ${job.state ?? "not submitted"}, topic ${topic.name}`,
    ...(job.metrics === null ? [] : [describeMetrics(job.metrics)]),
    ...formatTable(
      HEADER,
      resources.map(({ name, state, healthStatus, urls, properties }) => [
        name,
        state,
        healthStatus,
        properties.pid === null ? "" : String(properties.pid),
        String(properties.restarts),
        urls.map(({ url }) => url).join(","),
        properties.reason,
      ]),
    ),
  ];
}

/** `Flink: numRestarts 0, uptime 12034`, by Flink's own names. */
const describeMetrics = (metrics: Readonly<Record<string, number>>): string =>
  `Flink: ${Object.entries(metrics)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")}`;

/** `taskmanager-01  running, healthy, pid 4711 (reason)`. */
function describeInLine({ name, state, healthStatus, properties }: ResourceDescription): string {
  const { pid, reason } = properties;
  const parts = [state, healthStatus, ...(pid === null ? [] : [`pid ${pid}`])];
  return `${name.padEnd(19)}  ${parts.join(", ")}${reason === "" ? "" : ` (${reason})`}`;
}
