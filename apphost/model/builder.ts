/**
 * Collects what a definition declares, as data. It never throws at a mistake: all of them are found together, here those
 * that leave no trace in the data, in `checks.ts` the others.
 *
 * D1 What was declared does not change once the declaring function has returned.
 * D2 A reference waits, too, as `waitFor` does: an address is known when its owner was started, and of use when it serves.
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ResourceKind } from "../../simulator/common/contract/events.ts";
import type {
  AppBuilder,
  HealthCheckOptions,
  NodeProcessSettings,
  RestartOptions,
  WaitOptions,
} from "./capabilities.ts";
import type { AppHostDefinition } from "./definition.ts";
import { PROPERTIES, type Reference, type ReferenceText, referencesOf } from "./reference.ts";
import type {
  EndpointDeclaration,
  HealthCheckDeclaration,
  Milestone,
  NodeProcessDeclaration,
  RestartDeclaration,
  WaitsFor,
} from "./resource.ts";

const HEALTHY_MS_MAX = 30_000;
const HEALTH_INTERVAL_MS = 1_000;
const RESTARTS_MAX = 10;

/** What a definition says about options: the command line and the environment win over it. */
export interface Setting {
  /** As the file has it: `kafka: partitions`. */
  readonly source: string;
  readonly option: string;
  readonly value: string;
}

export interface DeclaredResource {
  readonly name: string;
  readonly kind: ResourceKind;
  readonly life: "standing" | "task";
  readonly replicas: number;
  readonly waitsFor: readonly WaitsFor[];
  readonly process: DeclaredProcess | null;
}

/** What all replicas of a program have in common. */
export type DeclaredProcess = Omit<NodeProcessDeclaration, "replica">;

export interface DeclaredApplication {
  readonly resources: readonly DeclaredResource[];
  readonly settings: readonly Setting[];
  readonly problems: readonly string[];
}

/** Runs the declaring function. What that throws is the caller's to explain. `folder`: where scripts are looked for. */
export function declareApplication(definition: AppHostDefinition, folder: string): DeclaredApplication {
  const collected: Collected = { handles: [], settings: [], problems: [], folder };
  const result: unknown = definition.declare(createBuilder(collected));
  if (result instanceof Promise) {
    result.catch(() => undefined);
    collected.problems.push("the function given to defineAppHost is asynchronous: declare at once, without await");
  }
  const { handles, settings, problems } = collected;
  return { resources: handles.map((handle) => handle.read()), settings: [...settings], problems: [...problems] };
}

interface Collected {
  readonly handles: Handle[];
  readonly settings: Setting[];
  readonly problems: string[];
  readonly folder: string;
}

/** The types of `capabilities.ts` are views of one class, and show of it what each kind of resource can do. */
function createBuilder(collected: Collected): AppBuilder {
  const add =
    (kind: ResourceKind, life: Handle["life"], milestones: Milestone[], settings: Settings = {}) =>
    // biome-ignore lint/suspicious/noExplicitAny: the caller sees the view that its type names, never this class.
    (name: string, given: Settings = {}): any => {
      const handle = new Handle(collected, { name, kind, life, milestones });
      collected.handles.push(handle);
      for (const [key, value] of Object.entries(given)) {
        if (value === undefined) continue;
        const option = settings[key];
        if (option === undefined) collected.problems.push(`${name} has no setting "${key}"`);
        else collected.settings.push({ source: `${name}: ${key}`, option: String(option), value: String(value) });
      }
      return handle;
    };
  const same = (...names: string[]) => Object.fromEntries(names.map((name) => [name, name]));
  return {
    addKafka: add("kafka", "standing", ["ready", "topicReady"], {
      ...same("partitions"),
      image: "kafkaImage",
      heap: "kafkaHeapBytes",
      ui: "withKafkaUi",
    }),
    addRedis: add("redis", "standing", ["ready"], { image: "redisImage" }),
    addJobManager: add("jobmanager", "standing", ["ready", "drained"], same("checkpointIntervalMs")),
    addTaskManagers: add("taskmanager", "standing", ["registered", "ready"], { replicas: "taskManagers" }),
    addFlinkJobSimulator: add("flink-job-simulator", "standing", ["jobRunning", "ready"]),
    addProducer: add(
      "producer",
      "task",
      ["produced"],
      same("messages", "messageSize", "compression", "rate", "maxTimeMs", "warmUp"),
    ),
    addValidator: add("validator", "task", ["finished"]),
    addReport: add("report", "task", ["finished"]),
    addNodeProcess(name, settings) {
      const handle = add("node-process", "standing", ["ready", "finished"])(name) as Handle;
      return handle.setProgram(settings) as never;
    },
  };
}

type Settings = object & { readonly [key: string]: unknown };

class Handle {
  readonly name: string;
  readonly life: "standing" | "task";
  readonly milestones: Milestone[];
  readonly #kind: ResourceKind;
  readonly #collected: Collected;
  readonly #waitsFor: WaitsFor[] = [];
  readonly #endpoints: EndpointDeclaration[] = [];
  readonly #references: string[] = [];
  readonly #environment: Record<string, string | ReferenceText> = {};
  #program: { script: string; args: readonly string[] } = { script: "", args: [] };
  #replicas = 1;
  #healthCheck: HealthCheckDeclaration | null = null;
  #restart: RestartDeclaration = { policy: "onFailure", max: RESTARTS_MAX };

  constructor(
    collected: Collected,
    what: { name: string; kind: ResourceKind; life: Handle["life"]; milestones: Milestone[] },
  ) {
    this.#collected = collected;
    this.name = String(what.name);
    this.#kind = what.kind;
    this.life = what.life;
    this.milestones = what.milestones;
  }

  get hasAddress(): boolean {
    return this.#kind in PROPERTIES || this.#endpoints.length > 0;
  }

  setProgram(settings: NodeProcessSettings | undefined): this {
    const { script, args = [], replicas = 1 } = settings ?? { script: "" };
    const path = script instanceof URL ? fileURLToPath(script) : String(script ?? "");
    this.#program = { script: path === "" ? "" : resolve(this.#collected.folder, path), args: args.map(String) };
    this.#replicas = replicas;
    return this;
  }

  waitFor(target: unknown, options: WaitOptions<Milestone> = {}): this {
    if (!this.#isOurs(target, "waits for")) return this;
    const until = options.until ?? (target.milestones[0] as Milestone);
    if (!target.milestones.includes(until)) {
      this.#refuse(`waits for ${target.name} "${until}", which has only ${target.milestones.join(", ")}`);
    }
    const { deadlineMs } = options;
    this.#waitsFor.push({ on: target.name, until, ...(deadlineMs === undefined ? {} : { deadlineMs }) });
    return this;
  }

  property(name: string): Reference {
    const variables: Readonly<Record<string, string>> = PROPERTIES[this.#kind as keyof typeof PROPERTIES] ?? {};
    const variable = variables[name];
    if (variable === undefined) this.#refuse(`has no property "${name}": ${Object.keys(variables).join(", ")}`);
    return { of: this.name, variable: variable ?? "" };
  }

  endpoint(name: string): Reference {
    if (!this.#endpoints.some((endpoint) => endpoint.name === name)) this.#refuse(`has no endpoint "${name}"`);
    return { of: this.name, variable: `services__${this.name}__${name}__0` };
  }

  withHttpEndpoint(name: string, options: { readonly env: string; readonly port?: number }): this {
    this.#endpoints.push({ name, env: options.env, port: options.port ?? null });
    return this;
  }

  withHttpHealthCheck(path: string, options: HealthCheckOptions<string> = {}): this {
    const endpoint = options.endpoint ?? this.#endpoints[0]?.name ?? "";
    const { deadlineMs = HEALTHY_MS_MAX, intervalMs = HEALTH_INTERVAL_MS } = options;
    this.#healthCheck = { path, endpoint, deadlineMs, intervalMs };
    if (!this.milestones.includes("healthy")) this.milestones.unshift("healthy");
    return this;
  }

  withReference(target: unknown): this {
    if (!this.#isOurs(target, "refers to")) return this;
    if (!target.hasAddress) this.#refuse(`refers to ${target.name}, which has no address`);
    this.#references.push(target.name);
    return this;
  }

  withEnvironment(name: string, value: string | ReferenceText | Reference): this {
    const isReference = typeof value === "object" && "of" in value;
    this.#environment[name] = isReference ? { texts: ["", ""], values: [value] } : value;
    return this;
  }

  withRestart(options: RestartOptions): this {
    this.#restart = { ...this.#restart, ...options };
    return this;
  }

  read(): DeclaredResource {
    const isProcess = this.#kind === "node-process";
    return {
      name: this.name,
      kind: this.#kind,
      life: this.life,
      replicas: this.#replicas,
      waitsFor: [...this.#waitsFor, ...this.#impliedWaits()],
      process: isProcess
        ? {
            ...this.#program,
            folder: this.#collected.folder,
            endpoints: [...this.#endpoints],
            healthCheck: this.#healthCheck,
            references: [...this.#references],
            environment: { ...this.#environment },
            restart: this.#restart,
          }
        : null,
    };
  }

  /** D2. Only where it does not wait for the other anyway. */
  #impliedWaits(): WaitsFor[] {
    const named = Object.values(this.#environment).flatMap(referencesOf);
    const targets = new Set([...this.#references, ...named.map((reference) => reference.of)]);
    for (const { on } of this.#waitsFor) targets.delete(on);
    const defaultOf = (name: string) => this.#collected.handles.find((handle) => handle.name === name)?.milestones[0];
    return [...targets].map((on) => ({ on, until: defaultOf(on) ?? "ready" }));
  }

  #isOurs(target: unknown, verb: string): target is Handle {
    const isOurs = this.#collected.handles.some((handle) => handle === target);
    if (!isOurs) this.#refuse(`${verb} ${describeTarget(target)}, which is no resource of this application`);
    return isOurs;
  }

  #refuse(what: string): void {
    this.#collected.problems.push(`${this.name} ${what}`);
  }
}

function describeTarget(target: unknown): string {
  if (target instanceof Handle) return `${target.name} of another application`;
  return typeof target === "object" ? "an object" : String(target);
}
