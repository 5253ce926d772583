/** Who leads which partition, as each broker tells it, by kcat. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const METADATA_MS_MAX = 10_000;
const KCAT_MS_MAX = 2 * METADATA_MS_MAX;

export interface TopicDescription {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    /** Node id; below 0 when there is none. */
    readonly leader: number;
    /** The first is the preferred leader. */
    readonly replicas: readonly { readonly id: number }[];
    readonly isrs: readonly { readonly id: number }[];
  }[];
}

/** All topics but Kafka's own, as the broker that answers first sees them. */
async function describeTopics(bootstrap: string): Promise<readonly TopicDescription[]> {
  const waitS = METADATA_MS_MAX / 1_000;
  const { stdout } = await run("kcat", ["-L", "-J", "-b", bootstrap, "-m", String(waitS)], { timeout: KCAT_MS_MAX });
  const { topics } = JSON.parse(stdout) as { topics: TopicDescription[] };
  return topics.filter(({ topic }) => !topic.startsWith("__")).sort((a, b) => (a.topic < b.topic ? -1 : 1));
}

/** Undefined when there is no such topic. */
export async function describeTopic(bootstrap: string, topic: string): Promise<TopicDescription | undefined> {
  return (await describeTopics(bootstrap)).find((described) => described.topic === topic);
}

/**
 * Why the topics cannot be read for good yet, or null: every broker tells the same leaders, all replicas are in sync, and
 * the preferred ones lead, so that no leader moves any more. What one broker says of itself is not enough: one that slept
 * may believe that it still leads.
 */
export async function findUnrest(brokers: readonly string[]): Promise<string | null> {
  const views = await Promise.all(brokers.map((broker) => describeTopics(broker)));
  const leaders = views.map((topics) => topics.map(describeLeaders).join(", "));
  if (new Set(leaders).size > 1) return `the brokers name different leaders: ${leaders.join(" | ")}`;
  for (const { topic, partitions } of views[0] ?? []) {
    for (const { partition, leader, replicas, isrs } of partitions) {
      const where = `partition ${partition} of ${topic}`;
      if (leader < 0) return `${where} has no leader`;
      if (isrs.length < replicas.length) return `${where}: ${isrs.length} of ${replicas.length} are in sync`;
      if (leader !== replicas[0]?.id) return `${where} is led by ${leader}, and ${replicas[0]?.id} is preferred`;
    }
  }
  return null;
}

const describeLeaders = ({ topic, partitions }: TopicDescription): string =>
  `${topic} ${partitions
    .map(({ partition, leader }) => `${partition}:${leader}`)
    .sort()
    .join(" ")}`;
