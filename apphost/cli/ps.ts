/** `ps`: the hosts of this folder, or all of this user, and whether each can be asked. */
import { realpathSync } from "node:fs";
import type { Infrastructure } from "../../simulator/common/contract/files/report.ts";
import { askRunningHost, findRunningHosts, type RunningHost, readRunningHost } from "../control/running-host.ts";
import { listLinkedRuns, removeStaleSockets } from "../files/socket-files.ts";
import type { HostDescription } from "../model/description.ts";
import { formatClock } from "../snapshot/format.ts";
import { formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface PsOptions {
  readonly base: string;
  readonly all: boolean;
  readonly format: "table" | "json";
}

/** One of `ps --format json`. Null is what a host that does not answer cannot tell. */
export interface HostListing {
  readonly runId: string;
  readonly runDir: string;
  readonly hostPid: number;
  readonly command: string;
  readonly startedAt: string;
  readonly uptimeMs: number;
  readonly phase: string | null;
  readonly infrastructure: { readonly kafka: Infrastructure["mode"]; readonly redis: Infrastructure["mode"] } | null;
  /** Where they listen; null for one that does not yet. */
  readonly addresses: {
    readonly kafka: string | null;
    readonly redis: string | null;
    /** Of the JobManager's REST. */
    readonly rest: string | null;
  } | null;
  readonly isControlAlive: boolean;
}

const US_PER_MS = 1_000;
/** A host that works answers at once; one that is stopped (SIGSTOP) never does. */
const ANSWER_MS_MAX = 2_000;

export async function runPs(options: PsOptions, terminal: Terminal): Promise<number> {
  for (const path of await removeStaleSockets()) terminal.note(`removed stale socket ${path}`);
  const hosts = options.all ? findAllHosts(options.base) : findRunningHosts(options.base);
  const listings = await Promise.all(hosts.map(listHost));
  listings.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  if (options.format === "json") await terminal.write(JSON.stringify(listings, null, 2));
  else if (listings.length === 0) terminal.note(`no host runs ${options.all ? "here" : `in ${options.base}`}`);
  else for (const line of formatHosts(listings, options.all)) await terminal.write(line);
  return 0;
}

/** By their links, and those of this folder: a host of an older version has no link. */
function findAllHosts(base: string): RunningHost[] {
  const linked = listLinkedRuns().flatMap(readRunningHost);
  const byFolder = new Map([...linked, ...findRunningHosts(base)].map((host) => [realpathSync(host.runDir), host]));
  return [...byFolder.values()];
}

async function listHost(host: RunningHost): Promise<HostListing> {
  const { runId, hostPid, command, startedAt } = host.state;
  const description = await describeHost(host);
  const infrastructure = description?.infrastructure;
  return {
    runId,
    runDir: host.runDir,
    hostPid,
    command,
    startedAt,
    // A clock that was set back gives no host a negative age.
    uptimeMs: Math.max(0, Date.now() - Date.parse(startedAt)),
    phase: description?.phase ?? null,
    infrastructure:
      infrastructure === undefined ? null : { kafka: infrastructure.kafka.mode, redis: infrastructure.redis.mode },
    addresses: description === undefined ? null : readAddresses(description),
    isControlAlive: description !== undefined,
  };
}

function readAddresses({ resources }: HostDescription): HostListing["addresses"] {
  const find = (kind: string) => {
    const urls = resources.find(({ resourceType }) => resourceType === kind)?.urls ?? [];
    return urls.length === 0 ? null : urls.map(({ url }) => url.replace(/^\w+:\/\//, "")).join(",");
  };
  return { kafka: find("kafka"), redis: find("redis"), rest: find("jobmanager") };
}

/** undefined when it does not answer; which is what `ps` tells, whatever the reason. */
async function describeHost(host: RunningHost): Promise<HostDescription | undefined> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    return (await askRunningHost(host, { request: "describe", showSecrets: false }, { signal })) as HostDescription;
  } catch {
    return undefined;
  }
}

export function formatHosts(listings: readonly HostListing[], withFolder: boolean): string[] {
  const header = ["RUN", "PID", "VERB", "UPTIME", "PHASE", "KAFKA", "REDIS", "REST", "CONTROL"];
  const rows = listings.map(({ infrastructure, addresses, ...listing }) => [
    listing.runId,
    String(listing.hostPid),
    listing.command,
    formatClock(listing.uptimeMs * US_PER_MS),
    listing.phase ?? "unknown",
    describeServer(infrastructure?.kafka, addresses?.kafka),
    describeServer(infrastructure?.redis, addresses?.redis),
    addresses?.rest ?? "unknown",
    listing.isControlAlive ? "answers" : "silent",
    ...(withFolder ? [listing.runDir] : []),
  ]);
  return formatTable(withFolder ? [...header, "FOLDER"] : header, rows);
}

/** `embedded 127.0.0.1:9092`. */
const describeServer = (mode: string | undefined, address: string | null | undefined): string =>
  mode === undefined ? "unknown" : [mode, address ?? ""].join(" ").trim();
