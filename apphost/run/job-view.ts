/**
 * What the host knows of the job, from the JobManager's messages alone. Pure: a view and a message give the next view.
 * A restarted JobManager says everything again, so a lost message does no lasting harm.
 */
import type {
  ChildMessage,
  JobManagerMessage,
  JobState,
} from "../../simulator/common/contract/child/child-messages.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import type { ErrorCategory } from "../../simulator/common/foundation/error-row.ts";

export interface JobView {
  readonly registered: readonly string[];
  readonly state: JobState | null;
  readonly reason: string | null;
  readonly category: ErrorCategory | null;
  /** Of a stop with a savepoint by somebody else: where that is, and empty while it is being taken. Null: no such stop. */
  readonly savepoint: string | null;
  readonly assignment: Assignment;
  /** The newest that gives away as many partitions as any before it: while all TaskManagers are away, nothing is assigned. */
  readonly wholeAssignment: Assignment;
  /** Run time of the run's first assignment; null before it. */
  readonly firstAssignedAtUs: number | null;
  /** The newest that was said; it may be of an earlier request, so it names its end offsets. Null before the first. */
  readonly drained: DrainedTo | null;
  readonly stopped: Reached | null;
  readonly checkpoints: { readonly completed: number; readonly failed: number; readonly lastId: number };
  /** Records applied, as the newest checkpoint saw it. */
  readonly checkpointTotal: number;
  /** Who was registered when the job first ran with every partition owned; null before. */
  readonly membersAtStart: readonly string[] | null;
  /** True once a TaskManager left or joined after that. */
  readonly membershipChanged: boolean;
}

/** By TaskManager, the partitions that it has, or is about to get. */
type Assignment = Readonly<Record<string, readonly number[]>>;

export interface Reached {
  readonly checkpointId: number;
  readonly total: number;
}

export interface DrainedTo extends Reached {
  readonly endOffsets: readonly number[];
}

export const EMPTY_JOB_VIEW: JobView = {
  registered: [],
  state: null,
  reason: null,
  category: null,
  savepoint: null,
  assignment: {},
  wholeAssignment: {},
  firstAssignedAtUs: null,
  drained: null,
  stopped: null,
  checkpoints: { completed: 0, failed: 0, lastId: 0 },
  checkpointTotal: 0,
  membersAtStart: null,
  membershipChanged: false,
};

const JOB_MANAGER_TYPES: readonly string[] = [
  "taskManagers",
  "taskManagerLost",
  "jobState",
  "assignment",
  "checkpoint",
  "drained",
  "stopped",
  "recovered",
] satisfies JobManagerMessage["type"][];

export const isJobManagerMessage = (message: ChildMessage): message is JobManagerMessage =>
  JOB_MANAGER_TYPES.includes(message.type);

export function applyJobManagerMessage(view: JobView, message: JobManagerMessage): JobView {
  switch (message.type) {
    case "taskManagers": {
      const { membersAtStart } = view;
      const isJoined = message.registered.some((name) => membersAtStart?.includes(name) === false);
      return { ...view, registered: message.registered, membershipChanged: view.membershipChanged || isJoined };
    }
    case "taskManagerLost":
      return { ...view, membershipChanged: view.membershipChanged || view.membersAtStart !== null };
    case "jobState":
      return {
        ...view,
        state: message.state,
        reason: message.reason,
        category: message.category,
        savepoint: message.savepoint ?? null,
      };
    case "assignment":
      return {
        ...view,
        assignment: message.byTaskManager,
        wholeAssignment: isAsWhole(message.byTaskManager, view.wholeAssignment)
          ? message.byTaskManager
          : view.wholeAssignment,
        firstAssignedAtUs: view.firstAssignedAtUs ?? message.atUs,
      };
    case "checkpoint":
      return { ...view, ...countCheckpoint(view, message) };
    case "drained":
      return {
        ...view,
        drained: { checkpointId: message.checkpointId, total: message.total, endOffsets: message.endOffsets },
      };
    case "stopped":
      return { ...view, stopped: { checkpointId: message.checkpointId, total: message.total } };
    case "recovered":
      return view;
    default:
      return unreachable(message);
  }
}

const countPartitions = (assignment: Assignment): number => Object.values(assignment).flat().length;
const isAsWhole = (one: Assignment, other: Assignment): boolean => countPartitions(one) >= countPartitions(other);

function countCheckpoint(view: JobView, message: JobManagerMessage & { type: "checkpoint" }): Partial<JobView> {
  const { completed, failed, lastId } = view.checkpoints;
  if (message.status === "failed") return { checkpoints: { completed, failed: failed + 1, lastId } };
  return {
    checkpoints: { completed: completed + 1, failed, lastId: Math.max(lastId, message.id) },
    checkpointTotal: message.total,
  };
}

/** A JobManager that has just begun, or begun again, leads a job from these to RUNNING by itself. */
export const isStartingState = (state: JobState | null): boolean => state === "INITIALIZING" || state === "CREATED";

/**
 * Whether a final checkpoint may be had. One that is being stopped may be over in a moment, and a job that stands still is a
 * better thing to validate; one that ran is stopped by the JobManager, too, that has just begun again and takes it up.
 */
export function isStoppable({ state, membersAtStart }: JobView): boolean {
  return state === "RUNNING" || state === "CANCELLING" || (membersAtStart !== null && isStartingState(state));
}

/** RUNNING, and each partition has an owner. */
export function isFullyOwned(view: JobView, partitions: number): boolean {
  const owned = new Set(Object.values(view.assignment).flat());
  return view.state === "RUNNING" && owned.size === partitions;
}

/** TaskManagers without a partition, in words behind a sentence; empty when there is none. */
export function describeIdle({ registered, assignment }: JobView): string {
  const idle = registered.filter((name) => (assignment[name] ?? []).length === 0);
  if (idle.length === 0) return "";
  return `; ${idle.length} of ${registered.length} TaskManagers idle, as there are fewer partitions`;
}

/** How somebody else than the host ended the job, behind "is" or "was". */
export function describeOutsideEnd({ savepoint }: JobView): string {
  if (savepoint === null) return "cancelled from outside";
  return `stopped from outside with ${savepoint === "" ? "a savepoint" : `savepoint ${savepoint}`}`;
}

/** From now on, whoever leaves or joins changes the membership. */
export const markStarted = (view: JobView): JobView => ({ ...view, membersAtStart: view.registered });
