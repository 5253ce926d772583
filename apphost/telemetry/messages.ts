/** What the host and its telemetry worker say to each other. */
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import type { Signal, TelemetrySettings } from "../run/telemetry-settings.ts";

/** What the worker is started with. */
export interface TelemetryTask {
  readonly settings: TelemetrySettings;
  readonly runId: string;
  readonly runDir: string;
  readonly command: string;
  readonly version: string;
  readonly startedAtUs: number;
}

export type ToWorker =
  | { readonly type: "event"; readonly event: HostEvent }
  /** There is no further event. What is not exported is exported now. */
  | { readonly type: "close" };

export type FromWorker =
  /** So many events are done with. */
  | { readonly type: "taken"; readonly events: number }
  /** An export failed; said at each. */
  | { readonly type: "exportFailed"; readonly signal: Signal; readonly reason: string }
  /** The answer to "close", and the last word. */
  | { readonly type: "closed"; readonly droppedLogLines: number };
