/**
 * What another terminal may ask of a host, and what it is answered: one JSON request per line, JSON lines back. Pure.
 *
 *   request   {"token","request":"produce","messages":N} | {"token","request":"env"|"down"|"ping"}
 *             | {"token","request":"describe"|"follow","showSecrets":boolean}
 *             | {"token","request":"start"|"stop"|"restart","resource"} | {"token","request":"scale","group","replicas"}
 *   answers   ({"type":"accepted","detail"} | {"type":"item","item"})*
 *             then  {"type":"result","result"} or {"type":"refused","reason"}
 *
 * K3 What the host does not know it refuses by naming what it does know (CAPABILITIES), so that an older host and a newer
 *    client part with a clear sentence.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { TASK_MANAGERS_MAX } from "../../simulator/common/contract/state/redis-state.ts";
import type { ResourceSnapshot } from "../model/resource.ts";

export type ResourceAction = "start" | "stop" | "restart";

export type ResourceRequest =
  | { readonly request: ResourceAction; readonly resource: string }
  | { readonly request: "scale"; readonly group: string; readonly replicas: number };

export type ControlRequest =
  | { readonly request: "produce"; readonly messages: number }
  | { readonly request: "describe" | "follow"; readonly showSecrets: boolean }
  | { readonly request: "env" | "down" | "ping" }
  | ResourceRequest;

/** Every request that this host answers. */
export const CAPABILITIES: readonly ControlRequest["request"][] = [
  "produce",
  "env",
  "describe",
  "follow",
  "down",
  "start",
  "stop",
  "restart",
  "scale",
  "ping",
];

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
    case "produce": {
      const messages = fields["messages"];
      const isCount = typeof messages === "number" && Number.isSafeInteger(messages) && messages >= 1;
      return isCount ? { request: "produce", messages } : "messages is not a whole number above 0";
    }
    case "describe":
    case "follow":
      return { request: fields["request"], showSecrets: fields["showSecrets"] === true };
    case "env":
    case "down":
    case "ping":
      return { request: fields["request"] };
    case "start":
    case "stop":
    case "restart": {
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

/** Names are looked up later, by the one who knows them. */
function readScaleRequest({ group, replicas }: Readonly<Record<string, unknown>>): ControlRequest | string {
  if (!isName(group)) return "group is not a name";
  const isCount =
    typeof replicas === "number" && Number.isSafeInteger(replicas) && replicas >= 1 && replicas <= TASK_MANAGERS_MAX;
  return isCount
    ? { request: "scale", group, replicas }
    : `replicas is not a whole number from 1 to ${TASK_MANAGERS_MAX}`;
}

const isName = (value: unknown): value is string => typeof value === "string" && value.length <= 100;
