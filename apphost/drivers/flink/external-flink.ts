/**
 * An Apache Flink that runs without us (`--flink`): what it is, whether the job fits in, and the way to it. Its SQL Gateway
 * is one of others too, or one that is started from FLINK_HOME for this run.
 *
 * E1 Nothing of it is started, restarted or stopped. Where the host's model has a process, something stands that is none.
 * E2 The job goes to the Flink that was named: each session is told its address, whatever a gateway's own default is.
 * E3 No question takes longer than ANSWER_MS_MAX, and what is wrong is said in one sentence: nobody there, no Flink, one
 *    of another version, or too few free slots.
 */
import { formatHttpAddress, type HostPort } from "../../../simulator/common/foundation/address.ts";
import { createError, describeError } from "../../../simulator/common/foundation/errors.ts";
import { type Fields, parseJson } from "../../../simulator/common/foundation/json-fields.ts";
import { createExternalServer } from "../../processes/external-server.ts";
import { choosePort, LOOPBACK } from "../../processes/ports.ts";
import { formatGatewayConfiguration, remoteEntries } from "./flink-configuration.ts";
import { callFlink } from "./flink-rest.ts";
import {
  type FlinkCluster,
  type FlinkContext,
  GATEWAY_JVM_FLAGS,
  prepareFlinkFolder,
  requireFlinkHome,
  startSqlGateway,
  type UsableHome,
} from "./native-flink.ts";

type Variables = Readonly<Record<string, string | undefined>>;

export interface FlinkAddresses {
  readonly flink: HostPort;
  /** Null: one is started from FLINK_HOME. */
  readonly sqlGateway: HostPort | null;
}

const ANSWER_MS_MAX = 4_000;
const VERSION = /^(\d+\.\d+)\.\d/;
/** The job's statements and the session's configuration are of this one. */
const MAJOR = "2.";

/** What must be there before a run begins. `home`: null where the gateway is one of others. */
export interface ExternalFlink {
  readonly version: string;
  readonly home: UsableHome | null;
  /** Whether its own class path has the tables of Kafka. */
  readonly hasKafkaConnector: boolean;
}

/** E3. Throws INFRASTRUCTURE_UNAVAILABLE. */
export async function requireExternalFlink(
  { flink, sqlGateway }: FlinkAddresses,
  slotsNeeded: number,
  env: Variables,
): Promise<ExternalFlink> {
  const { version, slots, slotsFree, hasKafkaConnector } = await readFlink(formatHttpAddress(flink));
  const home = sqlGateway === null ? await requireHomeForGateway(env) : null;
  const gateway = sqlGateway === null ? null : await readGateway(formatHttpAddress(sqlGateway));
  const way = home === null ? `the SQL Gateway is of ${gateway}` : `FLINK_HOME has ${home.version}`;
  if (minorOf(home?.version ?? gateway ?? "") !== minorOf(version)) {
    refuse(`Flink is ${version} and ${way}: a job is submitted by the same version`);
  }
  if (slotsFree < slotsNeeded) {
    refuse(
      `${slotsNeeded} free slots are needed, one for each of --task-managers, and ${slotsFree} of its ${slots} are free: ` +
        (slotsFree === 0 ? "end a job of it, or give it TaskManagers" : `give --task-managers ${slotsFree}`),
    );
  }
  if (home === null && !hasKafkaConnector) {
    refuse("its class path has no Kafka connector (flink-sql-connector-kafka-VERSION.jar in its lib folder)");
  }
  return { version, home, hasKafkaConnector };
}

/** The way to it for one run. Makes the folder of a gateway of ours, and starts nothing. */
export async function planExternalFlink(
  context: FlinkContext,
  addresses: FlinkAddresses,
  slotsNeeded: number,
  env: Variables,
): Promise<FlinkCluster> {
  const { flink, sqlGateway } = addresses;
  const { version, home, hasKafkaConnector } = await requireExternalFlink(addresses, slotsNeeded, env);
  const gateway = sqlGateway ?? { host: LOOPBACK, port: await choosePort() };
  const run =
    home === null
      ? null
      : await prepareFlinkFolder(context, { home, env, jvmFlags: GATEWAY_JVM_FLAGS }, () =>
          formatGatewayConfiguration({ flink, gatewayPort: gateway.port, temporaryFolder: "tmp" }),
        );
  // E1.
  const stand = () => createExternalServer();
  return {
    version,
    isOurs: false,
    place: `at ${formatHttpAddress(flink)}, and nothing of it but the job is started or ended here`,
    jobManager: { ...flink, rpcPort: null },
    restUrl: formatHttpAddress(flink),
    gatewayUrl: formatHttpAddress(gateway),
    sessionProperties: {
      // E2.
      ...remoteEntries(flink),
      ...(home === null || hasKafkaConnector ? {} : { "pipeline.jars": `file://${home.kafkaConnectorJar}` }),
    },
    startJobManager: stand,
    startTaskManager: stand,
    startSqlGateway: run === null ? stand : (hooks) => startSqlGateway(run, hooks),
  };
}

async function requireHomeForGateway(env: Variables): Promise<UsableHome> {
  try {
    return await requireFlinkHome(env);
  } catch (error) {
    return refuse(
      `it is given its job by a SQL Gateway: give --sql-gateway, or let one be started. ${describeError(error)}`,
    );
  }
}

async function readFlink(url: string) {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const version = await ask(url, "/config", signal, "Flink", (fields) => fields.text("flink-version", VERSION));
  if (!version.startsWith(MAJOR)) refuse(`at ${url} runs Flink ${version}, and the job needs Flink 2`);
  const room = await ask(url, "/overview", signal, "Flink", (fields) => ({
    slots: fields.whole("slots-total"),
    slotsFree: fields.whole("slots-available"),
  }));
  const jars = await ask(url, "/jobmanager/environment", signal, "Flink", (fields) => fields.lines("classpath"));
  const hasKafkaConnector = jars.some((jar) => /flink-sql-connector-kafka-[^/]*\.jar$/.test(jar));
  return { version, ...room, hasKafkaConnector };
}

async function readGateway(url: string): Promise<string> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  return ask(url, "/v3/info", signal, "SQL Gateway of Flink", (fields) => fields.text("version", VERSION));
}

async function ask<T>(
  url: string,
  path: string,
  signal: AbortSignal,
  what: string,
  as: (fields: Fields) => T,
): Promise<T> {
  const call = `GET ${path}`;
  const answer = await callFlink({ method: "GET", url: `${url}${path}`, body: null, signal }, ANSWER_MS_MAX).catch(
    (error: unknown) => refuse(describeSilence(url, what, error)),
  );
  if (answer.status !== 200) refuse(`at ${url} is no ${what}: it answered ${call} with HTTP ${answer.status}`);
  const parsed = parseJson(answer.text, as);
  if (parsed.kind === "valid") return parsed.value;
  return refuse(`at ${url} is no ${what}: its answer to ${call} is another one (${parsed.reason})`);
}

/** Of a call that had no answer, by the code of its error. */
function describeSilence(url: string, what: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED") return `nobody listens at ${url}`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `nobody knows the name in ${url}`;
  if (code.startsWith("HPE_") || code === "ECONNRESET") {
    return `at ${url} is no ${what}: what listens there does not speak HTTP (${describeError(error)})`;
  }
  if (error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError")) {
    return `at ${url} nobody answered within ${ANSWER_MS_MAX} ms`;
  }
  return `${url} cannot be asked: ${describeError(error)}`;
}

const minorOf = (version: string): string | undefined => VERSION.exec(version)?.[1];

function refuse(reason: string): never {
  throw createError("INFRASTRUCTURE_UNAVAILABLE", { resource: "Flink", mode: "external", reason });
}
