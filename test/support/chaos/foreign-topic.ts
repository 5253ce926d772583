/** Somebody else's topic for a run that counts: written with kcat, a part of it while a broker sleeps. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { waitUntil, withDeadline } from "../../../simulator/common/foundation/deadline.ts";
import { describeTopic } from "../independent/topic-description.ts";
import type { ChaosServers } from "./chaos-servers.ts";
import type { Load } from "./schedule.ts";

const WRITE_DEADLINE_MS = 120_000;
const ELECTION_DEADLINE_MS = 30_000;
const LINES_AT_A_TIME = 5_000;
/** The run begins while the broker sleeps, and wakes it up. */
const PAUSED_MS_MAX = 300_000;

/** The broker that sleeps wakes up when the returned controller aborts. */
export async function writeForeignTopic(
  servers: ChaosServers,
  topic: string,
  { messages, paused }: Extract<Load, { kind: "count" }>,
): Promise<AbortController> {
  const awake = new AbortController();
  await servers.createTopic(topic);
  await writeMessages(servers.bootstrap, topic, 1, paused?.after ?? messages);
  if (paused === null) return awake;
  const broker = await servers.findBroker(topic, paused.broker);
  if (broker === undefined) throw new Error(`a partition of ${topic} has no leader`);
  broker.pauseFor(PAUSED_MS_MAX, awake.signal);
  try {
    await waitForOtherLeaders(servers, topic);
    await writeMessages(servers.servingBootstrap, topic, paused.after + 1, messages);
    return awake;
  } catch (error) {
    awake.abort();
    throw error;
  }
}

/** Until no partition is led by a broker that is away. */
async function waitForOtherLeaders(servers: ChaosServers, topic: string): Promise<void> {
  await waitUntil(
    async () => {
      const described = await describeTopic(servers.servingBootstrap, topic);
      const isLed = described?.partitions.every(({ leader }) => leader > 0 && servers.broker(leader).isServing);
      return isLed === true ? true : undefined;
    },
    { what: `every partition of ${topic} has a leader that serves`, deadlineMs: ELECTION_DEADLINE_MS, intervalMs: 200 },
  );
}

/** Messages with the ids from…to, each in the topic once, acknowledged by all replicas in sync. */
async function writeMessages(bootstrap: string, topic: string, from: number, to: number): Promise<void> {
  const settings = ["acks=all", "enable.idempotence=true", "linger.ms=20"].flatMap((setting) => ["-X", setting]);
  const kcat = spawn("kcat", ["-P", "-b", bootstrap, "-t", topic, ...settings], { stdio: ["pipe", "ignore", "pipe"] });
  let complaint = "";
  kcat.stderr.on("data", (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(-2_000);
  });
  // If it dies, its exit code tells more than the pipe.
  kcat.stdin.on("error", () => undefined);
  const ended = once(kcat, "close") as Promise<[number | null]>;
  const work = async () => {
    for (let id = from; id <= to; id += LINES_AT_A_TIME) {
      const ids = Array.from({ length: Math.min(LINES_AT_A_TIME, to - id + 1) }, (_, i) => id + i);
      const isAccepted = kcat.stdin.write(ids.map((each) => `{"id":${each},"from":"somebody else"}\n`).join(""));
      if (!isAccepted) await Promise.race([once(kcat.stdin, "drain"), ended]);
    }
    kcat.stdin.end();
    const [code] = await ended;
    if (code !== 0) throw new Error(`kcat -P ended with ${code}: ${complaint}`);
  };
  try {
    await withDeadline(work(), { what: `${to - from + 1} messages are written`, deadlineMs: WRITE_DEADLINE_MS });
  } finally {
    kcat.kill();
  }
}
