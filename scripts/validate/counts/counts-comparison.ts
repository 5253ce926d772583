/** What Flink counted beside what is in the topic, partition by partition. Pure. */
import type { PartitionCounts } from "../../../simulator/common/contract/job/counts.ts";
import type { PartitionTally } from "../topic-tally.ts";

export interface Finding {
  /** `unknown`: the topic could not be read there, so nothing is known to be wrong. */
  readonly kind: "violated" | "unknown";
  readonly text: string;
}

export interface CountsComparison {
  readonly messages: number;
  readonly findings: readonly Finding[];
}

/** The topic was tallied without a cut, so all of it is above. `messages`: how many there must be; null: as many as there are. */
export function compareCounts(
  tallies: readonly PartitionTally[],
  counts: ReadonlyMap<number, PartitionCounts>,
  messages: number | null,
): CountsComparison {
  const findings = tallies.flatMap((tally) => [
    ...tally.unread.map(({ from, to, why }): Finding => {
      const text = `partition ${tally.p}: the offsets ${from} to ${to - 1} could not be read: ${why}`;
      return { kind: "unknown", text };
    }),
    ...comparePartition(tally, counts.get(tally.p)),
  ]);
  const found = tallies.reduce((sum, { above }) => sum + above.messages, 0);
  if (messages !== null && found !== messages) {
    const text = `the topic holds ${found} messages, and ${messages} were to be there`;
    findings.push({ kind: "violated", text });
  }
  return { messages: found, findings };
}

function comparePartition({ p, above, end, unread }: PartitionTally, row: PartitionCounts | undefined): Finding[] {
  // Of a partition that was not read whole nothing can be compared.
  if (unread.length > 0) return [];
  const records = above.messages + above.rejected;
  const { records: counted = 0, messages = 0, idSum = 0, highestOffset = -1 } = row ?? {};
  const rows: [string, number, number][] = [
    ["records", counted, records],
    ["messages", messages, above.messages],
    ["as the sum of their ids", idSum, above.idSum],
  ];
  const findings = rows
    .filter(([, ofFlink, ofTopic]) => ofFlink !== ofTopic)
    .map(([what, ofFlink, ofTopic]): Finding => {
      return {
        kind: "violated",
        text: `partition ${p}: Flink counted ${ofFlink} ${what}, and the topic has ${ofTopic}`,
      };
    });
  if (highestOffset >= end) {
    const text = `partition ${p}: Flink counted up to offset ${highestOffset}, and the topic ends at ${end}`;
    findings.push({ kind: "violated", text });
  }
  return findings;
}
