/**
 * Settings of Kafka's clients, Java's and librdkafka's, that only tune a client and that ours does without: a file that
 * other tools share may hold them, and a run says which it does not use. None of them decides whether one gets in.
 */
const TUNING_KEYS = [
  // All of Java's clients.
  "client.dns.lookup client.id client.rack connections.max.idle.ms default.api.timeout.ms metadata.max.age.ms",
  "metadata.recovery.rebootstrap.trigger.ms metadata.recovery.strategy metric.reporters metrics.num.samples",
  "metrics.recording.level metrics.sample.window.ms receive.buffer.bytes reconnect.backoff.max.ms reconnect.backoff.ms",
  "request.timeout.ms retries retry.backoff.max.ms retry.backoff.ms send.buffer.bytes",
  "socket.connection.setup.timeout.max.ms socket.connection.setup.timeout.ms enable.metrics.push auto.include.jmx.reporter",
  // Producers.
  "acks batch.size buffer.memory compression.type compression.gzip.level compression.lz4.level compression.zstd.level",
  "delivery.timeout.ms enable.idempotence interceptor.classes key.serializer linger.ms max.block.ms",
  "max.in.flight.requests.per.connection max.request.size metadata.max.idle.ms partitioner.class",
  "partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms partitioner.ignore.keys",
  "transaction.timeout.ms transactional.id value.serializer",
  // Consumers.
  "allow.auto.create.topics auto.commit.interval.ms auto.offset.reset check.crcs enable.auto.commit exclude.internal.topics",
  "fetch.max.bytes fetch.max.wait.ms fetch.min.bytes group.id group.instance.id group.protocol group.remote.assignor",
  "heartbeat.interval.ms isolation.level key.deserializer max.partition.fetch.bytes max.poll.interval.ms max.poll.records",
  "partition.assignment.strategy session.timeout.ms value.deserializer",
  // TLS and login of Java that this client has in its own way: TLS 1.2 and 1.3 with Node's ciphers.
  "ssl.enabled.protocols ssl.protocol ssl.keymanager.algorithm ssl.trustmanager.algorithm",
  "sasl.login.connect.timeout.ms sasl.login.read.timeout.ms sasl.login.retry.backoff.max.ms sasl.login.retry.backoff.ms",
  // librdkafka.
  "api.version.request broker.address.family broker.address.ttl compression.codec debug log_level log.connection.close",
  "message.max.bytes message.send.max.retries message.timeout.ms queue.buffering.max.kbytes queue.buffering.max.messages",
  "queue.buffering.max.ms queued.max.messages.kbytes queued.min.messages request.required.acks socket.keepalive.enable",
  "socket.nagle.disable socket.timeout.ms statistics.interval.ms topic.metadata.refresh.interval.ms",
];

const known: ReadonlySet<string> = new Set(TUNING_KEYS.flatMap((line) => line.split(" ")));

export const isTuningKey = (key: string): boolean => known.has(key);
