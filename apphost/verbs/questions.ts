/** `env`, `describe` and `produce`: asked of the running host over its control socket. */
import type { HostEventBody } from "../../simulator/common/contract/events.ts";
import { describeVerdict } from "../dashboard/event-text.ts";
import type { ResourceSnapshot } from "../model/resource.ts";
import { askHost } from "../orchestrator/control-socket.ts";
import { requireRunningHost } from "./running-host.ts";

type Write = (line: string) => void;
type Verdict = HostEventBody & { type: "verdict" };

/** Prints what dependents get, for `eval "$(flink-apphost env)"`. The one place that shows the password. */
export async function runEnv(options: { base: string; format: "text" | "json"; write: Write }): Promise<number> {
  const host = requireRunningHost(options.base);
  const variables = (await askHost(host.state, { request: "env" })) as Record<string, string>;
  if (options.format === "json") options.write(JSON.stringify(variables));
  else {
    for (const [name, value] of Object.entries(variables)) {
      options.write(`export ${name}='${value.replaceAll("'", "'\\''")}'`);
    }
  }
  return 0;
}

export async function runDescribe(options: { base: string; format: "text" | "json"; write: Write }): Promise<number> {
  const host = requireRunningHost(options.base);
  const description = await askHost(host.state, { request: "describe" });
  if (options.format === "json") options.write(JSON.stringify(description));
  else for (const line of formatDescription(description as Description)) options.write(line);
  return 0;
}

interface Description {
  readonly runId: string;
  readonly runDir: string;
  readonly job: { readonly id: string; readonly state: string | null };
  readonly topic: { readonly name: string };
  readonly resources: readonly ResourceSnapshot[];
}

function formatDescription(description: Description): string[] {
  const { runId, runDir, job, topic, resources } = description;
  const rows = resources.map((r) => [
    r.name,
    r.state,
    r.health,
    r.pid === null ? "" : String(r.pid),
    String(r.restarts),
    r.endpoint ?? "",
    r.reason,
  ]);
  const table = [["NAME", "STATE", "HEALTH", "PID", "RESTARTS", "ENDPOINT", "REASON"], ...rows];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  return [
    `run ${runId} in ${runDir}`,
    `job ${job.id} ${job.state ?? "not submitted"}, topic ${topic.name}`,
    ...table.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    ),
  ];
}

/** Waits for the verdict of the round, and ends with its code. */
export async function runProduce(options: {
  base: string;
  messages: number;
  ui: string;
  write: Write;
  note: Write;
}): Promise<number> {
  const host = requireRunningHost(options.base);
  const request = { request: "produce", messages: options.messages } as const;
  const verdict = (await askHost(host.state, request, options.note)) as Verdict;
  if (options.ui === "json") options.write(JSON.stringify(verdict));
  else
    for (const line of [describeVerdict(verdict), ...verdict.reasons.map((reason) => `  reason  ${reason}`)])
      options.write(line);
  return verdict.exitCode;
}
