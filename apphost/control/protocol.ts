/**
 * What another terminal may ask of a host, and what it is answered: one JSON request per line, JSON lines back. Pure.
 *
 *   request   {"token","request":"produce","messages":N,"rate":R}
 *             | {"token","request":"env"|"checkpoint"|"watch"|"down"|"ping"}
 *             | {"token","request":"describe"|"follow","showSecrets":boolean}
 *             | {"token","request":"start"|"stop"|"restart"|"kill"|"pause"|"resume","resource"}
 *             | {"token","request":"scale","group","replicas"}
 *   answers   ({"type":"accepted","detail"} | {"type":"item","item"})*
 *             then  {"type":"result","result"} or {"type":"refused","reason"}
 *
 * K3 What the host does not know it refuses by naming what it does know (CAPABILITIES), so that an older host and a newer
 *    client part with a clear sentence.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { TASK_MANAGERS_MAX } from "../../simulator/common/contract/state/redis-state.ts";
import type { ResourceSnapshot } from "../model/resource.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

/** What is done to a resource: the first three to its life, the others to its present process. */
export type ResourceAction = "start" | "stop" | "restart" | "kill" | "pause" | "resume";

export type ResourceRequest =
  | { readonly request: ResourceAction; readonly resource: string }
  | { readonly request: "scale"; readonly group: string; readonly replicas: number };

export type ControlRequest =
  /** `rate`: of this round, in messages per second; 0: as the run was configured. */
  | { readonly request: "produce"; readonly messages: number; readonly rate: number }
  | { readonly request: "describe" | "follow"; readonly showSecrets: boolean }
  | { readonly request: "env" | "checkpoint" | "watch" | "down" | "ping" }
  | ResourceRequest;

/** An older host would not know it, and produce the round at another rate. */
export const PRODUCE_RATE = "produce.rate";

/** Every request that this host answers, and what came to a request later. */
export const CAPABILITIES: readonly (ControlRequest["request"] | typeof PRODUCE_RATE)[] = [
  "produce",
  "env",
  "describe",
  "follow",
  "down",
  "start",
  "stop",
  "restart",
  "kill",
  "pause",
  "resume",
  "scale",
  "checkpoint",
  "ping",
  "watch",
  PRODUCE_RATE,
];

/** What a watcher of the run gets: the whole snapshot first, and again whenever it missed something; else each event. */
export type WatchItem =
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot; readonly nowUs: number }
  | { readonly kind: "event"; readonly event: HostEvent };

export type Answer =
  | { readonly type: "accepted"; readonly detail: string }
  | { readonly type: "item"; readonly item: unknown }
  | { readonly type: "result"; readonly result: unknown }
  | { readonly type: "refused"; readonly reason: string };

export type ResourceAnswer =
  | { readonly kind: "done"; readonly detail: string; readonly resources: readonly ResourceSnapshot[] }
  /** It was refused or did not work out; the run goes on. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "unknown"; readonly asked: string; readonly known: readonly string[] };

export type CheckpointAnswer =
  | {
      readonly kind: "completed";
      readonly id: number;
      readonly durationMs: number;
      /** Records that the state of the checkpoint has counted. */
      readonly total: number;
    }
  /** There is none, or nobody can tell; the run goes on. */
  | { readonly kind: "failed"; readonly reason: string };

/** The request, or why it is none. */
export function parseRequest(line: string, token: string): ControlRequest | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "the request is not JSON";
  }
  if (typeof value !== "object" || value === null) return "the request is not an object";
  const fields = value as Record<string, unknown>;
  if (!isSameText(String(fields["token"]), token)) return "the token is not this run's";
  switch (fields["request"]) {
    case "produce":
      return readProduceRequest(fields);
    case "describe":
    case "follow":
      return { request: fields["request"], showSecrets: fields["showSecrets"] === true };
    case "env":
    case "checkpoint":
    case "down":
    case "ping":
    case "watch":
      return { request: fields["request"] };
    case "start":
    case "stop":
    case "restart":
    case "kill":
    case "pause":
    case "resume": {
      const { request, resource } = fields;
      return isName(resource) ? { request, resource } : "resource is not a name";
    }
    case "scale":
      return readScaleRequest(fields);
    default:
      return `it does not know ${JSON.stringify(fields["request"])}; it knows ${CAPABILITIES.join(", ")}`;
  }
}

function isSameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** An older client gives no rate. */
function readProduceRequest({ messages, rate = 0 }: Readonly<Record<string, unknown>>): ControlRequest | string {
  if (!isWhole(messages, 1)) return "messages is not a whole number above 0";
  return isWhole(rate, 0) ? { request: "produce", messages, rate } : "rate is not a whole number from 0";
}

const isWhole = (value: unknown, min: number): value is number => Number.isSafeInteger(value) && Number(value) >= min;

/** Names are looked up later, by the one who knows them. */
function readScaleRequest({ group, replicas }: Readonly<Record<string, unknown>>): ControlRequest | string {
  if (!isName(group)) return "group is not a name";
  return isWhole(replicas, 1) && replicas <= TASK_MANAGERS_MAX
    ? { request: "scale", group, replicas }
    : `replicas is not a whole number from 1 to ${TASK_MANAGERS_MAX}`;
}

const isName = (value: unknown): value is string => typeof value === "string" && value.length <= 100;
