/** What the supervisor (`supervisor.ts`) must know of a resource: how it is started, when it is ready, what its end means. */
import { KILLED_BY_USER, type ResourceHealth } from "../../simulator/common/contract/events.ts";
import { type AppError, describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import type { ResourceDeclaration } from "../model/resource.ts";
import { type ChildExit, describeExit, type RunningServer } from "./child-process.ts";

export interface Launch {
  /** 0 for the first process, rising by one. */
  readonly life: number;
  /** How the former process ended before it was ever ready; a port clash asks for another port. */
  readonly formerLastLines: string | null;
  /** Aborted when this process has ended, or is to end with the run: nobody waits for the readiness of the dead. */
  readonly signal: AbortSignal;
}

export type Judgement = "restart" | "finished" | AppError;

export interface ResourcePlan {
  readonly declaration: ResourceDeclaration;
  readonly launch: (launch: Launch) => Promise<RunningServer>;
  /** Settles when the process serves. Its rejection ends the process, which is then judged. */
  readonly waitReady: (launch: Launch) => Promise<void>;
  readonly endpoint: () => string | null;
  /** Asked after each end that nobody asked for. */
  readonly judge: (end: ProcessEnd) => Judgement;
  /** Kafka and Redis: too many restarts are then a failure of the infrastructure. */
  readonly isServer: boolean;
  /** Restarts within 60 s, if fewer than V2 of `supervisor.ts` has. */
  readonly restartsMax?: number;
  /**
   * Watches the health of a process that is ready, until the signal tells that it ended. Without it, ready is healthy. Its
   * rejection ends the process, which is then judged.
   */
  readonly watchHealth?: (signal: AbortSignal, report: ReportHealth) => Promise<void>;
}

export type ReportHealth = (health: ResourceHealth, reason: string) => void;

export interface ProcessEnd {
  readonly exit: ChildExit;
  /** False for a server of others: none of ours ended. */
  readonly isOurs: boolean;
  /** Whether any life of this resource was ready. */
  readonly everReady: boolean;
  /** Why this life was ended by us: it was alive and did not serve, or hung. Null when it ended by itself. */
  readonly killReason: unknown;
  /** A person asked for it, as a fault of which the resource is to recover. */
  readonly isPlanned: boolean;
  readonly lastLines: string;
}

/** Where we killed it, the reason for that is how it ended. */
export function describeEnd(end: ProcessEnd): string {
  const isAsked = end.isPlanned && end.killReason === null;
  return isAsked ? `${KILLED_BY_USER}, ${describeCause(end)}` : describeCause(end);
}

/** The same without whether somebody asked for it, which a fault says for itself. */
export const describeCause = ({ exit, killReason }: Pick<ProcessEnd, "exit" | "killReason">): string =>
  killReason === null ? describeExit(exit) : describeError(killReason);

export const hasHung = ({ killReason }: ProcessEnd): boolean =>
  isAppError(killReason) && killReason.code === "PROCESS_HUNG";
