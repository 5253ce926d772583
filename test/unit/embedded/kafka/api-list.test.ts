/** The list of APIs in the README of the embedded Kafka is the table that serves them: `vitest -u` writes it anew. */
import { expect, it } from "vitest";
import { SERVED_APIS } from "../../../../simulator/embedded/kafka/request-router.ts";

/** What a version alone does not say. */
const REMARKS: Readonly<Record<string, string>> = {
  AlterConfigs: "of topics; settings of the broker are refused by name",
  AlterPartitionReassignments: "only to where the partition is",
  CreateAcls: "`SECURITY_DISABLED`",
  DeleteAcls: "`SECURITY_DISABLED`",
  DescribeAcls: "`SECURITY_DISABLED`",
  DescribeClientQuotas: "there are none",
  DescribeLogDirs: "one, `memory`",
  DescribeUserScramCredentials: "there are none",
  ElectLeaders: "`ELECTION_NOT_NEEDED`",
  Fetch: "without sessions",
  IncrementalAlterConfigs: "of topics; settings of the broker are refused by name",
};

it("README lists exactly the APIs and versions that are served", async () => {
  const rows = SERVED_APIS.map(({ key, name, minVersion, maxVersion }) => {
    const versions = minVersion === maxVersion ? String(minVersion) : `${minVersion}-${maxVersion}`;
    return `| ${name} | ${key} | ${versions} | ${REMARKS[name] ?? ""} |`;
  });
  const text = `# APIs of the embedded Kafka

One broker, on 127.0.0.1, whose records live in memory. A request of another API or version ends its connection at once,
as in Kafka; ApiVersions says beforehand what there is.

| API | Key | Versions | |
| --- | --- | --- | --- |
${rows.join("\n")}

## It was tried with

| Client | What it did |
| --- | --- |
| Kafka 4.3.0 (Java) | producer, transactions, consumer, groups of both protocols; \`kafka-producer-perf-test\`, \`kafka-transactions\`, \`kafka-topics\`, \`kafka-configs\`, \`kafka-delete-records\`, \`kafka-get-offsets\`, \`kafka-log-dirs\`, \`kafka-cluster\`, \`kafka-broker-api-versions\`, \`kafka-consumer-perf-test\` |
| librdkafka (kcat) | produce with each codec, consume, groups, list |
| kafkajs 2.2.4 | produce, transactions, groups, admin |
| @platformatic/kafka 2.12.1 | produce, transactions, groups, admin |

## Settings of topics

| Setting | Here |
| --- | --- |
| \`retention.ms\`, \`retention.bytes\` | act, looked at each second; default \`-1\`. Segments, of 64 KiB growing to 16 MiB, go as a whole |
| \`max.message.bytes\` | acts, up to 64 MiB |
| \`message.timestamp.type\` | acts |
| \`cleanup.policy\`, \`compression.type\`, \`min.insync.replicas\` | only \`delete\`, \`producer\`, \`1\`; compaction is refused by name |
| \`flush.messages\`, \`flush.ms\`, \`segment.bytes\`, \`segment.ms\` | accepted, without effect |

Any other one is refused by name. \`auto.create.topics.enable\` is off, and on with \`--embedded-auto-create-topics\`.

## Bounds

| What | Bound |
| --- | --- |
| Records | \`--embedded-memory\`, then \`POLICY_VIOLATION\` |
| Requests that are not complete, of all clients | what the records leave free of it, at least 16 MiB; then the client that holds most is closed |
| One request | 100 MiB |
| Connections | 10,000 |
| Silent connections | closed after 10 minutes (\`connections.max.idle.ms\`); never those that wait for an answer |
| Warnings of closed clients | 10 in 10 s, then their number |
`;
  await expect(text).toMatchFileSnapshot("../../../../simulator/embedded/kafka/README.md");
});
