/** The configuration texts of the programs that we run. Pure. */
import { formatJavaProperties, quoteForRedis } from "../../simulator/common/foundation/foreign-syntax.ts";
import { LOOPBACK } from "../processes/ports.ts";

export function formatRedisConfiguration(options: {
  address: string;
  port: number;
  password: string;
  folder: string;
}): string {
  return [
    `bind ${options.address}`,
    `port ${options.port}`,
    `requirepass ${quoteForRedis(options.password)}`,
    `dir ${quoteForRedis(options.folder)}`,
    // Effects survive a crash of the server but for its last second; the checkpoints cover that second.
    "appendonly yes",
    "appendfsync everysec",
    'save ""',
    "daemonize no",
    "",
  ].join("\n");
}

/** What holds for every broker of ours: one that is its own controller, with internal topics as small as they can be. */
export const BROKER_PROPERTIES: Readonly<Record<string, string>> = {
  "process.roles": "broker,controller",
  "node.id": "1",
  "controller.listener.names": "CONTROLLER",
  "auto.create.topics.enable": "false",
  "offsets.topic.replication.factor": "1",
  "offsets.topic.num.partitions": "1",
  "group.initial.rebalance.delay.ms": "0",
  "transaction.state.log.replication.factor": "1",
  "transaction.state.log.min.isr": "1",
  "transaction.state.log.num.partitions": "1",
  "share.coordinator.state.topic.replication.factor": "1",
  "share.coordinator.state.topic.min.isr": "1",
  // As large as the system makes them: the default of 100 KB takes ten turns for a batch.
  "socket.receive.buffer.bytes": "-1",
  "socket.send.buffer.bytes": "-1",
  // For 160,000 keys a turn. The default of 128 MB is taken at the start, and written all over, before any topic is compacted.
  "log.cleaner.dedupe.buffer.size": "4194304",
  // Topics of a run go with it: their memory and disk are needed for the next one, not in a minute.
  "log.segment.delete.delay.ms": "1000",
};

/** How soon a broker's own controller takes it for gone. */
export type BrokerSession = "short" | "usual";

const JVMS_PER_CORE_MAX = 2;
const BROKER_SESSIONS: Readonly<Record<BrokerSession, Readonly<Record<string, string>>>> = {
  // A killed broker registers anew only when the session of its former life is over: not after the default of 9 s.
  short: { "broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500" },
  // Kafka's own defaults. A heartbeat that waits longer for a core than the session lasts fences the broker, so no partition
  // has a leader; and the controller drops one that waits for half of the interval (ControllerApis.handleBrokerHeartBeatRequest),
  // so it stays fenced: beside twenty JVMs on two cores for more than the minute that a producer waits.
  usual: { "broker.session.timeout.ms": "9000", "broker.heartbeat.interval.ms": "2000" },
};

/** `jvmsPerCore`: of an engine that runs beside the broker; 0 where none does. */
export const chooseBrokerSession = (jvmsPerCore: number): BrokerSession =>
  jvmsPerCore > JVMS_PER_CORE_MAX ? "usual" : "short";

export const brokerProperties = (session: BrokerSession): Readonly<Record<string, string>> => ({
  ...BROKER_PROPERTIES,
  ...BROKER_SESSIONS[session],
});

/** `logDir`: a plain name. Kafka splits this setting at commas, and knows no way to write one. */
export function formatKafkaProperties(options: {
  port: number;
  controllerPort: number;
  logDir: string;
  session: BrokerSession;
}): string {
  const client = `PLAINTEXT://${LOOPBACK}:${options.port}`;
  const controller = `${LOOPBACK}:${options.controllerPort}`;
  return formatJavaProperties({
    ...brokerProperties(options.session),
    "controller.quorum.voters": `1@${controller}`,
    listeners: `${client},CONTROLLER://${controller}`,
    "advertised.listeners": client,
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "log.dirs": options.logDir,
  });
}

/** Of Log4j 2, to standard output, which is the resource's log. `loggers`: what else it is told of single ones. */
export function formatJavaLogging(loggers: Readonly<Record<string, string>> = {}): string {
  return formatJavaProperties({
    "rootLogger.level": "info",
    "rootLogger.appenderRef.out.ref": "OUT",
    "appender.out.type": "Console",
    "appender.out.name": "OUT",
    "appender.out.layout.type": "PatternLayout",
    "appender.out.layout.pattern": "%d{ISO8601} %-5p %m (%c{1})%n",
    ...loggers,
  });
}
