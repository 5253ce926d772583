/**
 * The one interface of the ways to get a Kafka and a Redis. A driver says whether it can work here, and plans a server:
 * where it will be and how it is started. It starts nothing by itself; the orchestrator does, with its supervisor.
 *
 * A named mode that cannot work is an error with its reason; only `auto` goes on to the next mode.
 */
import type { Infrastructure } from "../../simulator/common/contract/files/report.ts";
import type { HostPort, RedisAddress } from "../../simulator/common/foundation/address.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { type KafkaAccess, type KafkaSecurity, PLAINTEXT } from "../../simulator/common/foundation/kafka-security.ts";
import type { KafkaFiles } from "../model/connection.ts";
import type { ChildCommand, ChildHooks, RunningServer } from "../processes/child-process.ts";
import type { BrokerSession } from "./native-configuration.ts";

export type ServerKind = "kafka" | "redis";
export type InfrastructureMode = Infrastructure["mode"];

export interface DriverContext {
  readonly runId: string;
  readonly runDir: string;
  /** The folder that keeps the runs. */
  readonly base: string;
  readonly kafkaHeapBytes: number;
  /** Kafka is to be reached by other containers of the run, too. */
  readonly isKafkaForContainers: boolean;
  readonly brokerSession: BrokerSession;
  readonly embeddedMemoryBytes: number;
  readonly embeddedAutoCreateTopics: boolean;
  /** The next port to use for a server; another one after a clash. */
  readonly choosePort: (kind: ServerKind) => Promise<number>;
  /** One of our own programs, with the run's environment. */
  readonly ownProgram: (kind: ServerKind, entry: string, task: object) => ChildCommand;
  /** The environment for programs that are not ours: they learn nothing but which run they belong to. */
  readonly foreignEnvironment: () => Record<string, string>;
  readonly startProcess: (command: ChildCommand, hooks: ChildHooks) => RunningServer;
  /** To be told before anything is made in a container engine: whoever cleans up must know where to look. */
  readonly recordEngine: (address: string) => void;
}

/** Left out where everybody is let in, as by each Kafka that we start. */
export interface SecuredKafka {
  readonly security: KafkaSecurity;
  readonly files: KafkaFiles;
}

/** With all that a client needs: of a Redis also who we are there, and the password. */
export type ServerAddress =
  | { readonly kind: "kafka"; readonly brokers: readonly HostPort[]; readonly secured?: SecuredKafka }
  | { readonly kind: "redis"; readonly redis: RedisAddress }
  | { readonly kind: "page"; readonly url: string };

/** Of a plan for Kafka. */
export function brokersOf({ address }: ServerPlan): readonly HostPort[] {
  if (address.kind === "kafka") return address.brokers;
  throw createError("ASSERTION_FAILED", { what: `a plan for ${address.kind} was taken for one of Kafka` });
}

/** The same with how one gets in. */
export function kafkaAccessOf(plan: ServerPlan): KafkaAccess {
  return { bootstrap: brokersOf(plan), security: securedOf(plan)?.security ?? PLAINTEXT };
}

/** undefined: everybody is let in. */
export const securedOf = ({ address }: ServerPlan): SecuredKafka | undefined =>
  address.kind === "kafka" ? address.secured : undefined;

/** Of a plan for Redis. */
export function redisOf({ address }: ServerPlan): RedisAddress {
  if (address.kind === "redis") return address.redis;
  throw createError("ASSERTION_FAILED", { what: `a plan for ${address.kind} was taken for one of Redis` });
}

export interface ServerPlan {
  readonly mode: InfrastructureMode;
  readonly address: ServerAddress;
  /** Without secrets. */
  readonly endpoint: string;
  /**
   * null: somebody else's server, which we neither start nor stop. The signal ends what goes before the start, where that
   * can be ended without a trace.
   */
  readonly launch: ((hooks: ChildHooks, signal: AbortSignal) => Promise<RunningServer>) | null;
  /** False: its death loses data that Kafka had acknowledged, and ends the run. */
  readonly survivesRestart: boolean;
  /** The version where it is known without asking; the server's own answer wins. */
  readonly version: string | null;
}

export interface InfrastructureDriver {
  readonly mode: InfrastructureMode;
  /** Why it cannot give this server here; undefined when it can. Asked before there is a run. */
  findObstacle(kind: ServerKind): Promise<string | undefined>;
  plan(kind: ServerKind, context: DriverContext): Promise<ServerPlan>;
  /** The web page over the Kafka that it planned. */
  planKafkaUi?(context: DriverContext): Promise<ServerPlan>;
  /** At the end of the run: removes what plans made beside processes. Returns what is left, in words. */
  release?(runId: string): Promise<readonly string[]>;
}
