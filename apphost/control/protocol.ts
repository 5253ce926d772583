/** What another terminal may ask of a single resource or a group: the requests, their check, and the answer's form. Pure. */
import { TASK_MANAGERS_MAX } from "../../simulator/common/contract/state/redis-state.ts";
import type { ResourceSnapshot } from "../model/resource.ts";

export type ResourceAction = "start" | "stop" | "restart";

export type ResourceRequest =
  | { readonly request: ResourceAction; readonly resource: string }
  | { readonly request: "scale"; readonly group: string; readonly replicas: number };

export const RESOURCE_REQUESTS: readonly ResourceRequest["request"][] = ["start", "stop", "restart", "scale"];

export type ResourceAnswer =
  | { readonly kind: "done"; readonly detail: string; readonly resources: readonly ResourceSnapshot[] }
  /** It was refused or did not work out; the run goes on. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "unknown"; readonly asked: string; readonly known: readonly string[] };

/** The request, or why it is none. Names are looked up later, by the one who knows them. */
export function readResourceRequest(fields: Readonly<Record<string, unknown>>): ResourceRequest | string {
  const { request, resource, group, replicas } = fields;
  switch (request) {
    case "start":
    case "stop":
    case "restart":
      return isName(resource) ? { request, resource } : "resource is not a name";
    case "scale": {
      if (!isName(group)) return "group is not a name";
      const isCount =
        Number.isSafeInteger(replicas) && (replicas as number) >= 1 && (replicas as number) <= TASK_MANAGERS_MAX;
      return isCount
        ? { request, group, replicas: replicas as number }
        : `replicas is not a whole number from 1 to ${TASK_MANAGERS_MAX}`;
    }
    default:
      return `request is ${JSON.stringify(request)}: expected ${RESOURCE_REQUESTS.join(", ")}`;
  }
}

const isName = (value: unknown): value is string => typeof value === "string" && value.length <= 100;
