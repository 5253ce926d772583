/** The host that a dashboard shows: where its files are, and how it is asked. Whoever starts the dashboard makes one. */
import type { ControlRequest } from "../control/protocol.ts";

export interface HostLink {
  readonly runId: string;
  /** Absolute. */
  readonly runDir: string;
  logPath(resource: string): string;
  /** As `askHost` of the control socket: rejects when it is refused, and when the host is gone. */
  ask(request: ControlRequest, onAccepted: (detail: string) => void): Promise<unknown>;
}
