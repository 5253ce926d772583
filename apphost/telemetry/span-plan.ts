/**
 * Which spans a run has, made of its events alone. Pure: a plan and an event give the next plan, and what to do.
 *
 *   flink-apphost up                    the run
 *   ├─ start                            phases until the job runs
 *   │  ├─ phase infrastructure …
 *   │  └─ start taskmanager-01 …        each life of a resource, from its start until it is ready
 *   ├─ round 1                          what is produced, applied and validated together
 *   │  ├─ phase producing, draining, validating
 *   │  │                      └─ validation: …   each step of it
 *   │  ├─ checkpoint 1000001 …
 *   │  ├─ rebalance                     partitions got other owners, between two figures of the run
 *   │  └─ recovery of taskmanager-07    from a fault until the resource runs again
 *   │     └─ start taskmanager-07
 *   └─ taking down
 *      └─ stop taskmanager-01 …
 *
 * S1 A span's parent is open when it begins. What is open when the run ends is closed then.
 * S2 Of each resource at most one start, one stop and one recovery are open, so a plan of any run stays small.
 */
import type { HostEvent, ProgressEvent, RunPhase } from "../../simulator/common/contract/events.ts";
import { formatCheckpointId } from "../../simulator/common/contract/files/checkpoint.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export type SpanStep =
  | {
      readonly kind: "open";
      readonly key: string;
      /** Null for the run itself. */
      readonly parent: string | null;
      readonly name: string;
      readonly atUs: number;
      readonly attributes: Attributes;
    }
  /** `error`: why it is no success. */
  | { readonly kind: "close"; readonly key: string; readonly atUs: number; readonly error: string | null }
  | {
      readonly kind: "mark";
      readonly key: string;
      readonly name: string;
      readonly atUs: number;
      readonly attributes: Attributes;
    }
  | { readonly kind: "describe"; readonly key: string; readonly attributes: Attributes };

export interface SpanPlan {
  /** Keys of open spans, parents first. */
  readonly open: readonly string[];
  readonly stage: Stage | null;
  readonly rounds: number;
  /** By partition: who had it last. */
  readonly owners: ReadonlyMap<number, string>;
  readonly figuresAtUs: number;
  /** Of the validation. */
  readonly step: string | null;
  /** Why the run is no success, by its last verdict. */
  readonly failure: string | null;
}

type Stage = "start" | "round" | "taking down";

export const RUN = "run";
const PHASE = "phase";
const STAGE = "stage";
const STEP = "step";

const EMPTY: SpanPlan = {
  open: [],
  stage: null,
  rounds: 0,
  owners: new Map(),
  figuresAtUs: 0,
  step: null,
  failure: null,
};

interface Planned {
  readonly plan: SpanPlan;
  readonly steps: readonly SpanStep[];
}

/** The plan while one event is looked at. */
class Draft {
  readonly steps: SpanStep[] = [];
  plan: SpanPlan;

  constructor(plan: SpanPlan) {
    this.plan = plan;
  }

  isOpen(key: string): boolean {
    return this.plan.open.includes(key);
  }

  /** The first of these that is open; the run is. */
  parent(...keys: readonly string[]): string {
    return keys.find((key) => this.isOpen(key)) ?? RUN;
  }

  open(key: string, span: { parent: string | null; name: string; atUs: number; attributes?: Attributes }): void {
    if (this.isOpen(key)) return;
    this.steps.push({ kind: "open", key, attributes: {}, ...span });
    this.plan = { ...this.plan, open: [...this.plan.open, key] };
  }

  close(key: string, atUs: number, error: string | null = null): void {
    if (!this.isOpen(key)) return;
    this.steps.push({ kind: "close", key, atUs, error });
    this.plan = { ...this.plan, open: this.plan.open.filter((one) => one !== key) };
  }

  mark(key: string, name: string, atUs: number, attributes: Attributes): void {
    this.steps.push({ kind: "mark", key, name, atUs, attributes });
  }

  get planned(): Planned {
    return { plan: this.plan, steps: this.steps };
  }
}

export function beginSpans(run: { command: string; atUs: number; attributes: Attributes }): Planned {
  const draft = new Draft(EMPTY);
  const { command, atUs, attributes } = run;
  draft.open(RUN, { parent: null, name: `flink-apphost ${command}`, atUs, attributes });
  return draft.planned;
}

/** S1: children first. */
export function endSpans(plan: SpanPlan, atUs: number): Planned {
  const draft = new Draft(plan);
  for (const key of plan.open.toReversed()) draft.close(key, atUs, key === RUN ? plan.failure : describeOpenEnd(key));
  return draft.planned;
}

const describeOpenEnd = (key: string): string | null =>
  key.startsWith("recovery ") ? "it did not run again before the end of the run" : null;

export function planSpans(plan: SpanPlan, event: HostEvent): Planned {
  const draft = new Draft(plan);
  planEvent(draft, event);
  return draft.planned;
}

function planEvent(draft: Draft, event: HostEvent): void {
  switch (event.type) {
    case "phase":
      planPhase(draft, event);
      return;
    case "resource":
      planResource(draft, event);
      return;
    case "resourceRemoved":
      for (const key of keysOf(event.name)) draft.close(key, event.atUs, "it was scaled away");
      return;
    case "fault":
      planFault(draft, event);
      return;
    case "checkpoint":
      planCheckpoint(draft, event);
      return;
    case "progress":
      planProgress(draft, event);
      return;
    case "validation":
      planValidationStep(draft, event);
      return;
    case "check": {
      const { id, status, reason, examined } = event.check;
      draft.mark(draft.parent(PHASE, STAGE), "check", event.atUs, { id, status, reason, examined });
      return;
    }
    case "verdict":
      planVerdict(draft, event);
      return;
    case "stopRequested":
      draft.mark(RUN, "stop requested", event.atUs, { signal: event.signal });
      return;
    case "run":
    case "infrastructure":
    case "stopping":
    case "waiting":
    case "notice":
    case "usage":
    case "exit":
      return;
    default:
      unreachable(event);
  }
}

type EventOf<T extends HostEvent["type"]> = Extract<HostEvent, { type: T }>;

function planPhase(draft: Draft, { phase, detail, atUs }: EventOf<"phase">): void {
  draft.close(STEP, atUs);
  draft.close(PHASE, atUs);
  const stage = stageOf(phase);
  if (stage !== draft.plan.stage) {
    draft.close(STAGE, atUs);
    const rounds = draft.plan.rounds + (stage === "round" ? 1 : 0);
    draft.plan = { ...draft.plan, stage, rounds };
    if (stage !== null) {
      draft.open(STAGE, { parent: RUN, name: stage === "round" ? `round ${rounds}` : stage, atUs });
    }
  }
  if (stage === null) return;
  const parent = draft.parent(STAGE);
  draft.open(PHASE, { parent, name: `phase ${phase}`, atUs, attributes: { "flink_apphost.detail": detail } });
}

function stageOf(phase: RunPhase): Stage | null {
  switch (phase) {
    case "starting":
    case "infrastructure":
    case "job":
      return "start";
    case "producing":
    case "draining":
    case "validating":
      return "round";
    case "stopping":
      return "taking down";
    case "idle":
    case "ended":
      return null;
    default:
      return unreachable(phase);
  }
}

const keysOf = (resource: string) => [`start ${resource}`, `stop ${resource}`, `recovery ${resource}`];

function planResource(draft: Draft, event: EventOf<"resource">): void {
  const { name, kind, pid, restarts, reason, atUs } = event;
  const [start, stop, recovery] = keysOf(name) as [string, string, string];
  const attributes = { "flink_apphost.resource": name, "flink_apphost.kind": kind, "flink_apphost.restarts": restarts };
  switch (event.state) {
    case "starting":
      draft.open(start, { parent: draft.parent(recovery, STAGE), name: start, atUs, attributes });
      if (pid !== null) draft.steps.push({ kind: "describe", key: start, attributes: { "process.pid": pid } });
      return;
    case "running":
      draft.close(start, atUs);
      draft.close(recovery, atUs);
      return;
    case "stopping":
      draft.close(start, atUs, "it was stopped");
      draft.open(stop, { parent: draft.parent(STAGE), name: stop, atUs, attributes });
      return;
    case "finished":
      for (const key of [start, stop, recovery]) draft.close(key, atUs);
      return;
    case "exited":
    case "failedToStart":
      draft.close(start, atUs, reason);
      draft.close(stop, atUs);
      return;
    case "notStarted":
    case "waiting":
      return;
    default:
      unreachable(event.state);
  }
}

function planFault(draft: Draft, { fault, atUs }: EventOf<"fault">): void {
  const { kind, target, detail, planned } = fault;
  const attributes = { "flink_apphost.resource": target, "flink_apphost.fault": kind, detail, planned };
  draft.mark(RUN, "fault", atUs, attributes);
  if (kind !== "processExit") return;
  draft.open(`recovery ${target}`, { parent: draft.parent(STAGE), name: `recovery of ${target}`, atUs, attributes });
}

function planCheckpoint(draft: Draft, { id, status, durationMs, total, reason, atUs }: EventOf<"checkpoint">): void {
  const key = `checkpoint ${id}`;
  const attributes = { "flink_apphost.checkpoint": id, "flink_apphost.total": total, status };
  const name = `checkpoint ${formatCheckpointId(id)}`;
  draft.open(key, { parent: draft.parent(STAGE), name, atUs: atUs - Math.round(durationMs * 1_000), attributes });
  draft.close(key, atUs, status === "failed" ? (reason ?? "it failed") : null);
}

/** The first owner of a partition has it from nobody, and one that gets back what it had has moved nothing. */
function planProgress(draft: Draft, { partitions, atUs }: ProgressEvent & { atUs: number }): void {
  const { figuresAtUs } = draft.plan;
  const owners = new Map(draft.plan.owners);
  const moved: number[] = [];
  for (const { p, owner } of partitions) {
    if (owner === null) continue;
    if (owners.has(p) && owners.get(p) !== owner) moved.push(p);
    owners.set(p, owner);
  }
  draft.plan = { ...draft.plan, figuresAtUs: atUs, owners };
  if (moved.length === 0) return;
  const attributes = { "flink_apphost.partitions": moved.join(","), "flink_apphost.partitions.count": moved.length };
  draft.open("rebalance", { parent: draft.parent(STAGE), name: "rebalance", atUs: figuresAtUs, attributes });
  draft.close("rebalance", atUs);
}

/** It is said again with each look at how far it is. */
function planValidationStep(draft: Draft, { step, atUs }: EventOf<"validation">): void {
  if (draft.isOpen(STEP) && draft.plan.step === step) return;
  draft.close(STEP, atUs);
  draft.open(STEP, { parent: draft.parent(PHASE, STAGE), name: `validation: ${step}`, atUs });
  draft.plan = { ...draft.plan, step };
}

function planVerdict(draft: Draft, event: EventOf<"verdict">): void {
  const { verdict, exitCode, reasons, processed, lost, duplicated, rounds, atUs } = event;
  const attributes: Record<string, string | number> = {
    "flink_apphost.verdict": verdict,
    "flink_apphost.exit_code": exitCode,
    "flink_apphost.rounds": rounds,
  };
  for (const [name, value] of Object.entries({ processed, lost, duplicated })) {
    if (value !== null) attributes[`flink_apphost.${name}`] = value;
  }
  draft.steps.push({ kind: "describe", key: RUN, attributes });
  draft.mark(draft.parent(STAGE), "verdict", atUs, attributes);
  draft.plan = { ...draft.plan, failure: exitCode === 0 ? null : reasons.join("; ") || verdict };
}
