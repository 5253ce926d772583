/** The configuration texts of the programs that we run. Pure. */
import { LOOPBACK } from "../orchestrator/ports.ts";

export function formatRedisConfiguration(options: { port: number; password: string; folder: string }): string {
  return [
    `bind ${LOOPBACK}`,
    `port ${options.port}`,
    `requirepass ${options.password}`,
    `dir ${quote(options.folder)}`,
    // Effects survive a crash of the server but for its last second; the checkpoints cover that second.
    "appendonly yes",
    "appendfsync everysec",
    'save ""',
    "daemonize no",
    "",
  ].join("\n");
}

/** One broker that is its own controller; internal topics are as small as they can be. */
export function formatKafkaProperties(options: { port: number; controllerPort: number; folder: string }): string {
  const client = `PLAINTEXT://${LOOPBACK}:${options.port}`;
  const controller = `${LOOPBACK}:${options.controllerPort}`;
  return [
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.voters=1@${controller}`,
    "controller.listener.names=CONTROLLER",
    `listeners=${client},CONTROLLER://${controller}`,
    `advertised.listeners=${client}`,
    "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    // A killed broker registers anew only when the session of its former life is over: not after the default of 9 s.
    "broker.session.timeout.ms=3000",
    "broker.heartbeat.interval.ms=500",
    "auto.create.topics.enable=false",
    "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=1",
    "group.initial.rebalance.delay.ms=0",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "transaction.state.log.num.partitions=1",
    "share.coordinator.state.topic.replication.factor=1",
    "share.coordinator.state.topic.min.isr=1",
    // Topics of a run go with it: their memory and disk are needed for the next one, not in a minute.
    "log.segment.delete.delay.ms=1000",
    `log.dirs=${options.folder}/log`,
    "",
  ].join("\n");
}

export function formatKafkaLogging(): string {
  return [
    "rootLogger.level=info",
    "rootLogger.appenderRef.out.ref=OUT",
    "appender.out.type=Console",
    "appender.out.name=OUT",
    "appender.out.layout.type=PatternLayout",
    "appender.out.layout.pattern=%d{ISO8601} %-5p %m (%c{1})%n",
    "",
  ].join("\n");
}

const quote = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
