/** A project whose SQL counts all messages in one window, which is open until the job ends. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of a user's SQL
const JOB = `
CREATE TABLE input (payload STRING, ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL, WATERMARK FOR ts AS ts) WITH (
  'connector' = 'kafka', 'topic' = '\${INPUT_TOPIC}', 'properties.group.id' = '\${KAFKA_GROUP_ID}',
  'properties.bootstrap.servers' = '\${KAFKA_BOOTSTRAP_SERVERS}', 'scan.startup.mode' = 'earliest-offset', 'format' = 'raw'
);
CREATE TABLE counts (messages STRING) WITH (
  'connector' = 'kafka', 'topic' = '\${OUTPUT_TOPIC}', 'properties.bootstrap.servers' = '\${KAFKA_BOOTSTRAP_SERVERS}',
  'properties.transaction.timeout.ms' = '900000', 'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'counts-\${OUTPUT_TOPIC}', 'format' = 'raw'
);
INSERT INTO counts SELECT CAST(COUNT(*) AS STRING)
FROM TABLE(TUMBLE(TABLE input, DESCRIPTOR(ts), INTERVAL '30' DAY)) GROUP BY window_start, window_end;
`;

const EXPECTATION = `
import { defineExpectation } from "flink-apphost";

export default defineExpectation({
  totals: {
    input: () => ({ key: "all", amount: 1 }),
    output: ({ value }) => ({ key: "all", amount: Number(value) }),
  },
});
`;

export const WINDOW_PROJECT = { "job.sql": JOB, "expect.ts": EXPECTATION } as const;
