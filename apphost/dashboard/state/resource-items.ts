/**
 * The resources as a list that one moves in: the TaskManagers are one group, which opens; whatever the order or the
 * filter, each that needs attention is seen. Pure.
 */
import { STOPPED_BY_USER } from "../../../simulator/common/contract/events.ts";
import { type ResourceEvent, resourceLevel } from "../../snapshot/event-text.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { Sort, ViewState } from "./view-state.ts";

export const GROUP = "taskmanager";

export interface ResourceItem {
  /** Of a resource, or of the group. */
  readonly name: string;
  readonly kind: "resource" | "group" | "member";
  readonly resources: readonly ResourceEvent[];
  readonly level: "info" | "warn" | "error";
  readonly cpuPercent: number | null;
  readonly rssBytes: number | null;
  readonly perSecond: number | null;
  readonly lag: number | null;
}

/** They are seen only when something is wrong with them. */
const HELPERS: readonly string[] = ["watchdog", "report"];

export function listResourceItems(snapshot: Snapshot, state: Pick<ViewState, "sort" | "isGroupOpen" | "filters">) {
  const filter = (state.filters.resources ?? "").toLowerCase();
  const figures = readFigures(snapshot);
  const items: ResourceItem[] = [];
  const members = snapshot.resources.filter(({ kind }) => kind === "taskmanager");
  const isFlat = filter !== "" || state.sort !== "name";
  for (const resource of snapshot.resources) {
    const level = levelOf(resource, snapshot.phase);
    const isMember = resource.kind === "taskmanager";
    if (isMember && resource === members[0] && !isFlat) items.push(describeGroup(members, snapshot, figures));
    const isHidden = isMember
      ? !(isFlat || state.isGroupOpen || level !== "info")
      : HELPERS.includes(resource.kind) && level !== "error";
    if (!isHidden) items.push(describeItem(resource, isMember && !isFlat ? "member" : "resource", level, figures));
  }
  const shown = filter === "" ? items : items.filter((item) => matches(item, filter));
  return state.sort === "name" ? shown : [...shown].sort((a, b) => compare(a, b, state.sort as Exclude<Sort, "name">));
}

/** One that ended and comes back is seen until it is back. */
function levelOf(resource: ResourceEvent, phase: Snapshot["phase"]): ResourceItem["level"] {
  const level = resourceLevel(resource, resource, phase);
  const isComingBack = resource.restarts > 0 && (resource.state === "waiting" || resource.state === "starting");
  return level === "info" && isComingBack && phase !== "stopping" && phase !== "ended" ? "warn" : level;
}

function matches({ name, resources }: ResourceItem, filter: string): boolean {
  const text = resources.map(({ state, health, reason, kind }) => `${state} ${health} ${reason} ${kind}`).join(" ");
  return `${name} ${text}`.toLowerCase().includes(filter);
}

const FIELDS = { cpu: "cpuPercent", memory: "rssBytes", rate: "perSecond", lag: "lag" } as const;

/** The largest first; what is not known, last. */
function compare(a: ResourceItem, b: ResourceItem, sort: keyof typeof FIELDS): number {
  const field = FIELDS[sort];
  return (b[field] ?? -1) - (a[field] ?? -1) || (a.name < b.name ? -1 : 1);
}

interface Figures {
  readonly usage: ReadonlyMap<string, { readonly cpuPercent: number; readonly rssBytes: number }>;
  readonly rates: ReadonlyMap<string, number | null>;
  readonly lags: ReadonlyMap<string, number | null>;
}

function readFigures({ usage, progress }: Snapshot): Figures {
  const lags = new Map<string, number | null>();
  for (const { owner, lag } of progress?.partitions ?? []) {
    if (owner !== null) lags.set(owner, lag === null ? (lags.get(owner) ?? null) : (lags.get(owner) ?? 0) + lag);
  }
  return {
    usage: new Map(usage?.processes.map((process) => [process.name, process])),
    rates: new Map(progress?.taskManagers.map(({ name, perSecond }) => [name, perSecond])),
    lags,
  };
}

function describeItem(
  resource: ResourceEvent,
  kind: ResourceItem["kind"],
  level: ResourceItem["level"],
  { usage, rates, lags }: Figures,
): ResourceItem {
  const { name, state } = resource;
  const isRunning = state === "running";
  const used = isRunning ? usage.get(name) : undefined;
  return {
    name,
    kind,
    resources: [resource],
    level,
    cpuPercent: used?.cpuPercent ?? null,
    rssBytes: used?.rssBytes ?? null,
    perSecond: isRunning ? (rates.get(name) ?? null) : null,
    lag: lags.get(name) ?? null,
  };
}

const LEVELS = ["info", "warn", "error"] as const;

function describeGroup(members: readonly ResourceEvent[], { phase }: Snapshot, figures: Figures): ResourceItem {
  const items = members.map((member) => describeItem(member, "member", levelOf(member, phase), figures));
  const add = (read: (item: ResourceItem) => number | null) => {
    const known = items.flatMap((item) => read(item) ?? []);
    return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0);
  };
  return {
    name: GROUP,
    kind: "group",
    resources: members,
    level: LEVELS[Math.min(1, Math.max(...items.map(({ level }) => LEVELS.indexOf(level))))] ?? "info",
    cpuPercent: add(({ cpuPercent }) => cpuPercent),
    rssBytes: add(({ rssBytes }) => rssBytes),
    perSecond: add(({ perSecond }) => perSecond),
    lag: add(({ lag }) => lag),
  };
}

/**
 * Where the selection is (U1 of `view-state.ts`): the first where it is no longer there, and the TaskManagers before
 * anything was selected.
 */
export const indexOfSelected = (items: readonly ResourceItem[], selected: string | null): number =>
  Math.max(
    0,
    items.findIndex(({ name }) => name === (selected ?? GROUP)),
  );

/** Somebody stopped it, and only a person starts it again. */
export const isStopped = ({ resources }: ResourceItem): boolean =>
  resources.length > 0 && resources.every(({ state, reason }) => state === "exited" && reason === STOPPED_BY_USER);
