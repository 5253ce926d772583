/** A supervisor whose processes are scripted, and all that it tells its host. */
import type { ResourceSnapshot } from "../../apphost/model/resource.ts";
import type { ChildExit, RunningServer } from "../../apphost/processes/child-process.ts";
import type { Launch, ResourcePlan } from "../../apphost/processes/resource-plan.ts";
import { Supervisor, type SupervisorHost } from "../../apphost/processes/supervisor.ts";
import type { ExitEvent } from "../../simulator/common/contract/events.ts";
import type { Fault } from "../../simulator/common/contract/files/report.ts";
import { createBackoff } from "../../simulator/common/foundation/backoff.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import type { AppError } from "../../simulator/common/foundation/errors.ts";

export const BACKOFF_MS = 20;

export interface ScriptedProcess {
  end(exit: ChildExit): void;
  readonly launch: Launch;
}

/** Of a process that no test pauses. */
export const UNPAUSABLE = { pause: async () => undefined, resume: async () => undefined };

export function setUpSupervisor(change: Partial<ResourcePlan> = {}, lastLines = "last line") {
  let heardAtMs = 0;
  /** By life: what declares that one hung. */
  const hang: (() => void)[] = [];
  const processes: ScriptedProcess[] = [];
  const faults: (Fault & { recoveredAfterMs: number | null })[] = [];
  const failures: AppError[] = [];
  const exits: Omit<ExitEvent, "type">[] = [];
  /** What was done to processes, and whether their pulse is watched. */
  const signals: string[] = [];
  let watches = 0;
  const snapshots: ResourceSnapshot[] = [];
  const plan: ResourcePlan = {
    declaration: {
      name: "taskmanager-01",
      kind: "taskmanager",
      life: "standing",
      group: null,
      waitsFor: [],
      loadsEarly: false,
    },
    async launch(launch): Promise<RunningServer> {
      const { promise, resolve } = Promise.withResolvers<ChildExit>();
      processes.push({ end: resolve, launch });
      const kill = () => resolve({ kind: "signal", signal: "SIGKILL" });
      const ping = () => {
        heardAtMs += 1;
      };
      return {
        pid: 100 + launch.life,
        isOurs: true,
        exited: promise,
        pulse: { heardAtMs: () => heardAtMs, ping },
        newestLines: () => lastLines,
        stop: async () => kill(),
        kill,
        pause: async () => void signals.push("pause"),
        resume: async () => void signals.push("resume"),
      };
    },
    waitReady: async () => undefined,
    endpoint: () => null,
    judge: () => "restart",
    isServer: false,
    ...change,
  };
  const host: SupervisorHost = {
    emitResource: (snapshot) => snapshots.push(snapshot),
    emitExit: (exit) => exits.push(exit),
    recordFault(fault) {
      const recorded = { ...fault };
      faults.push(recorded);
      return { recoveredAfterMs: (ms) => Object.assign(recorded, { recoveredAfterMs: ms }) };
    },
    pulses: {
      watch(_, onHung) {
        hang.push(() => onHung(20_000));
        watches += 1;
        return () => {
          watches -= 1;
        };
      },
    },
    fail: (error) => failures.push(error),
  };
  const supervisor = new Supervisor(plan, host, {
    backoff: createBackoff({ initialMs: BACKOFF_MS, capMs: BACKOFF_MS }),
  });
  const untilLife = (life: number) =>
    waitUntil(() => (supervisor.life === life && supervisor.snapshot.state === "running" ? true : undefined), {
      what: `life ${life}`,
      deadlineMs: 10_000,
      intervalMs: 2,
    });
  const isWatched = () => watches > 0;
  return { supervisor, processes, hang, faults, failures, exits, signals, isWatched, snapshots, untilLife };
}
