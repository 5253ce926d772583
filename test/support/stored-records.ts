/** Topics that others have filled: with Kafka's own producer and with kcat; and what lies in them, as kcat counts it. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { PartitionReader } from "../../simulator/clients/kafka/consumer.ts";
import { BATCH, batchCompression, findBatchEnd } from "../../simulator/clients/kafka/wire/record-batch.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "./addresses.ts";
import { briefJvmArguments } from "./kafka-tools.ts";
import { messageOf } from "./record-sets.ts";

const run = promisify(execFile);
const SEND_RECORDS = fileURLToPath(new URL("java/SendRecords.java", import.meta.url));
const SEND_MS_MAX = 120_000;

export interface Place {
  readonly bootstrap: string;
  readonly topic: string;
}

/** Lets Kafka's own producer do what the lines say: see SendRecords.java. */
export async function sendWithJava({ bootstrap, topic }: Place, lines: readonly string[]): Promise<void> {
  const program = [...briefJvmArguments(), SEND_RECORDS];
  const java = spawn("java", [...program, bootstrap, topic], { stdio: ["pipe", "pipe", "pipe"] });
  await endInput(java, `${lines.join("\n")}\n`);
}

/** With one of librdkafka's codecs. */
export async function sendWithKcat(
  { bootstrap, topic }: Place,
  codec: string,
  { p, firstId, count }: { readonly p: number; readonly firstId: number; readonly count: number },
): Promise<void> {
  const kcat = spawn("kcat", ["-P", "-b", bootstrap, "-t", topic, "-p", String(p), "-z", codec]);
  const values = Array.from({ length: count }, (_, i) => messageOf(firstId + i, firstId + i));
  await endInput(kcat, `${values.join("\n")}\n`);
}

async function endInput(child: ReturnType<typeof spawn>, input: string): Promise<void> {
  let complaint = "";
  child.stderr?.on("data", (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(-4_000);
  });
  const ended = once(child, "close");
  child.stdin?.end(input);
  try {
    const [code] = await withDeadline(ended, { what: `${child.spawnfile} sends its records`, deadlineMs: SEND_MS_MAX });
    if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code}: ${complaint}`);
  } finally {
    child.kill("SIGKILL");
  }
}

/** Committed records, tombstones among them. */
export async function countWithKcat({ bootstrap, topic }: Place): Promise<number> {
  const args = ["-C", "-e", "-q", "-b", bootstrap, "-t", topic, "-o", "beginning", "-f", "%o\\n"];
  const committed = ["-X", "isolation.level=read_committed", "-X", "check.crcs=true"];
  const { stdout } = await run("kcat", [...args, ...committed], { timeout: SEND_MS_MAX, maxBuffer: 64 * 1024 * 1024 });
  return stdout.split("\n").length - 1;
}

/** What the first `batches` batches of a partition are like, as the broker stores them. */
export async function readStoredBatches(
  { bootstrap, topic }: Place,
  p: number,
  endOffset: number,
): Promise<{ readonly codec: number; readonly attributes: number; readonly bytes: Buffer }[]> {
  const cluster = await KafkaCluster.open({
    bootstrap: kafkaAt(bootstrap),
    clientId: "stored-batches",
    log: createLog(() => undefined),
  });
  const found: { codec: number; attributes: number; bytes: Buffer }[] = [];
  const done = Promise.withResolvers<void>();
  await cluster.topic(topic);
  const reader = new PartitionReader({
    cluster,
    topic,
    onRecords: ({ buffer, start, end, nextOffset }) => {
      for (let at = start; at < end; at = findBatchEnd(buffer, at, end)) {
        const bytes = Buffer.from(buffer.subarray(at, findBatchEnd(buffer, at, end)));
        found.push({ codec: batchCompression(bytes, 0), attributes: bytes.readInt16BE(BATCH.attributes), bytes });
      }
      if (nextOffset >= endOffset) done.resolve();
    },
    onError: (_p, error) => done.reject(error),
  });
  try {
    reader.assign(p, 0);
    await withDeadline(done.promise, { what: `${topic}-${p} is read to ${endOffset}`, deadlineMs: 20_000 });
    return found;
  } finally {
    await reader.close();
    cluster.close();
  }
}
