/**
 * `state.json` of a run: what another terminal, or a later sweep, must know of it. Reading is pure.
 *
 * It says where to look and what to compare with, and never what to remove: the names of all that a run leaves are made
 * from its id. A text of another form is malformed as a whole, and says why.
 */
import { type Fields, type Parsed, parseJson } from "../../simulator/common/foundation/json-fields.ts";
import type { ProcessIdentity } from "../processes/process-identity.ts";

export interface RunState {
  readonly schema: 1;
  readonly runId: string;
  readonly hostPid: number;
  readonly hostStartTime: string;
  /** Where its pid means something; null in records of earlier versions, which did not say. */
  readonly hostView: string | null;
  /** Where the run was made, without links; null in records of earlier versions. Only compared with. */
  readonly runDir: string | null;
  readonly command: string;
  readonly startedAt: string;
  /** Unix socket of the host, and what a request must carry. */
  readonly socket: string;
  readonly token: string;
  readonly children: readonly RecordedChild[];
  /** Address of the container engine that holds containers of the run; null when none does. */
  readonly engine: string | null;
  /** REST address of a Flink of others that may have the run's job; null when none does. */
  readonly flink: string | null;
  /** What stays on servers that are not ours, for `down --purge`. Null before it is known. */
  readonly evidence: RunEvidence | null;
  /** True once the host has taken down what it started. */
  readonly ended: boolean;
}

export type RecordedChild = ProcessIdentity & { readonly name: string };

export interface RunEvidence {
  readonly topic: string;
  readonly ownTopic: boolean;
  /** The topic of a warm-up, until it is removed. Null without one, and in records of earlier versions. */
  readonly warmUpTopic: string | null;
  /** Where Apache Flink commits its counts. Null on this runtime, and in records of earlier versions. */
  readonly countsTopic: string | null;
  readonly group: string;
  readonly stateKey: string;
  readonly counterKey: string;
  readonly sequenceKey: string;
  /** Addresses of a Kafka that is not ours; null when we started it, and nothing stays. */
  readonly kafka: string | null;
  /** host:port[/database] of a Redis that is not ours. */
  readonly redis: string | null;
}

/** `runId`: what the run's folder is called, which the file must agree with. */
export const parseRunState = (text: string, runId: string): Parsed<RunState> =>
  parseJson(text, (fields) => ({
    schema: fields.whole("schema", 1, 1) as 1,
    runId: fields.text("runId", new RegExp(`^${runId}$`)),
    hostPid: fields.whole("hostPid", 1),
    hostStartTime: fields.text("hostStartTime"),
    hostView: fields.nullable("hostView", () => fields.text("hostView")),
    runDir: fields.nullable("runDir", () => fields.text("runDir")),
    command: fields.text("command"),
    startedAt: fields.text("startedAt"),
    socket: fields.text("socket"),
    token: fields.text("token"),
    children: fields.list("children", (child) => ({
      name: child.text("name"),
      pid: child.whole("pid", 1),
      startTime: child.text("startTime", /./),
    })),
    engine: fields.nullable("engine", () => fields.text("engine", PLACE)),
    flink: fields.nullable("flink", () => fields.text("flink", HTTP_ADDRESS)),
    evidence: fields.nullable("evidence", () => readEvidence(fields.object("evidence"))),
    ended: fields.flag("ended"),
  }));

/** An address, which may be a path. */
const PLACE = /^\P{Cc}{1,1024}$/u;
const HTTP_ADDRESS = /^http:\/\/[^\s\p{Cc}/@]{1,512}$/u;
/** Names as options take them. They are shown, so nothing in them may speak to a terminal. */
const NAME = /^[^\s\p{Cc}]{1,512}$/u;

const readEvidence = (fields: Fields): RunEvidence => ({
  topic: fields.text("topic", NAME),
  ownTopic: fields.flag("ownTopic"),
  warmUpTopic: fields.nullable("warmUpTopic", () => fields.text("warmUpTopic", NAME)),
  countsTopic: fields.nullable("countsTopic", () => fields.text("countsTopic", NAME)),
  group: fields.text("group", NAME),
  stateKey: fields.text("stateKey", NAME),
  counterKey: fields.text("counterKey", NAME),
  sequenceKey: fields.text("sequenceKey", NAME),
  kafka: fields.nullable("kafka", () => fields.text("kafka", NAME)),
  redis: fields.nullable("redis", () => fields.text("redis", NAME)),
});
