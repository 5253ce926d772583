/** Reads a whole topic with kcat, which is built on another Kafka client than the product's, and counts it. */
import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { addTo, emptyTally, idOf, type Tally } from "./message-tally.ts";
import { describeTopic } from "./topic-description.ts";

const run = promisify(execFile);
const KCAT_MS_MAX = 120_000;

export interface PartitionReading {
  readonly p: number;
  /** What the broker says: its first offset, and the one after its last record. */
  readonly earliest: number;
  readonly end: number;
  readonly all: Tally;
  /** The part below the given cuts. */
  readonly applied: Tally;
  readonly acknowledged: Tally;
  /** Offsets from `earliest` to `end` that have no record. */
  readonly holes: number;
}

export interface TopicReading {
  /** By number; empty when there is no such topic. */
  readonly partitions: readonly PartitionReading[];
  /** How many of the ids 1…idMax are there. */
  readonly distinct: number;
  /** Messages whose id was there before, anywhere in the topic. */
  readonly repeated: number;
  /** Messages with an id above idMax. */
  readonly beyond: number;
}

export interface TopicQuestion {
  /** host:port of brokers that live, separated by commas. */
  readonly bootstrap: string;
  readonly topic: string;
  readonly idMax: number;
  /** By partition: offsets that divide what is counted; null divides nothing. */
  readonly applied: readonly number[] | null;
  readonly acknowledged: readonly number[] | null;
}

interface OpenPartition {
  readonly p: number;
  readonly all: Tally;
  readonly applied: Tally;
  readonly acknowledged: Tally;
  readonly appliedCut: number;
  readonly acknowledgedCut: number;
  records: number;
  nextOffset: number;
  lastId: number;
}

class IdCounter {
  distinct = 0;
  repeated = 0;
  beyond = 0;
  readonly #idMax: number;
  readonly #seen: Uint8Array;
  /** Those above idMax, of which there should be none. */
  readonly #others = new Set<number>();

  constructor(idMax: number) {
    this.#idMax = idMax;
    this.#seen = new Uint8Array(idMax + 1);
  }

  add(id: number): void {
    const isExpected = id <= this.#idMax;
    const isKnown = isExpected ? this.#seen[id] === 1 : this.#others.has(id);
    if (isKnown) this.repeated += 1;
    else if (isExpected) this.distinct += 1;
    if (!isExpected) this.beyond += 1;
    if (isExpected) this.#seen[id] = 1;
    else this.#others.add(id);
  }
}

/** Reads from the first offset to the end. Throws when it did not get all that the brokers say there is. */
export async function readTopic(question: TopicQuestion): Promise<TopicReading> {
  const { bootstrap, topic, idMax, applied, acknowledged } = question;
  const described = await describeTopic(bootstrap, topic);
  if (described === undefined) return { partitions: [], distinct: 0, repeated: 0, beyond: 0 };
  const names = described.partitions.map(({ partition }) => partition).sort((a, b) => a - b);
  const earliest = await askOffsets(question, names, -2);
  const ends = await askOffsets(question, names, -1);
  const ids = new IdCounter(idMax);
  const open = new Map<number, OpenPartition>();
  for (const p of names) {
    open.set(p, {
      p,
      all: emptyTally(),
      applied: emptyTally(),
      acknowledged: emptyTally(),
      appliedCut: applied?.[p] ?? 0,
      acknowledgedCut: acknowledged?.[p] ?? 0,
      records: 0,
      nextOffset: earliest.get(p) ?? 0,
      lastId: 0,
    });
  }
  await eachRecord(bootstrap, topic, (p, offset, value) => {
    const partition = open.get(p);
    if (partition === undefined) throw new Error(`kcat read partition ${p}, which ${topic} does not have`);
    if (offset < partition.nextOffset) throw new Error(`kcat read offset ${offset} of partition ${p} again`);
    partition.nextOffset = offset + 1;
    partition.records += 1;
    const id = idOf(value);
    count(partition, offset, id);
    if (id !== null) ids.add(id);
  });
  const partitions = [...open.values()].map(({ p, all, applied, acknowledged, records, nextOffset }) => {
    const [first, end] = [earliest.get(p) ?? 0, ends.get(p) ?? 0];
    if (nextOffset < end) throw new Error(`kcat read partition ${p} to ${nextOffset} only, its end offset is ${end}`);
    return { p, earliest: first, end: nextOffset, all, applied, acknowledged, holes: nextOffset - first - records };
  });
  return { partitions, distinct: ids.distinct, repeated: ids.repeated, beyond: ids.beyond };
}

function count(partition: OpenPartition, offset: number, id: number | null): void {
  const isDisorder = id !== null && id <= partition.lastId;
  if (id !== null) partition.lastId = id;
  addTo(partition.all, id, isDisorder);
  if (offset < partition.appliedCut) addTo(partition.applied, id, isDisorder);
  if (offset < partition.acknowledgedCut) addTo(partition.acknowledged, id, isDisorder);
}

/** kcat writes "partition offset size", a line, the value's bytes, and a line feed, for each record. */
async function eachRecord(
  bootstrap: string,
  topic: string,
  take: (p: number, offset: number, value: string) => void,
): Promise<void> {
  const from = ["-C", "-e", "-q", "-b", bootstrap, "-t", topic, "-o", "beginning"];
  const how = ["-X", "check.crcs=true", "-X", "isolation.level=read_committed", "-f", "%p %o %S\\n%s\\n"];
  const kcat = spawn("kcat", [...from, ...how], { stdio: ["ignore", "pipe", "pipe"], timeout: KCAT_MS_MAX });
  let complaint = "";
  kcat.stderr.on("data", (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(-2_000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    kcat.once("error", reject);
    kcat.once("close", resolve);
  });
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of kcat.stdout as AsyncIterable<Buffer>) {
    rest = takeRecords(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), take);
  }
  const code = await ended;
  if (code !== 0) throw new Error(`kcat ended with ${code}: ${complaint}`);
  if (rest.length > 0) throw new Error(`kcat ended in the middle of a record: ${rest.toString().slice(0, 200)}`);
}

/** Takes the whole records of the bytes, and returns the rest. */
function takeRecords(bytes: Buffer, take: (p: number, offset: number, value: string) => void): Buffer {
  let at = 0;
  for (;;) {
    const headEnd = bytes.indexOf(10, at);
    if (headEnd === -1) return bytes.subarray(at);
    const head = /^(\d+) (\d+) (-?\d+)$/.exec(bytes.toString("latin1", at, headEnd));
    if (head === null) throw new Error(`kcat wrote no record head: ${bytes.toString("latin1", at, headEnd)}`);
    // A null value has the size -1.
    const valueEnd = headEnd + 1 + Math.max(0, Number(head[3]));
    if (valueEnd >= bytes.length) return bytes.subarray(at);
    take(Number(head[1]), Number(head[2]), bytes.toString("utf8", headEnd + 1, valueEnd));
    at = valueEnd + 1;
  }
}

/** -2 asks for the first offset, -1 for the one after the last. */
async function askOffsets(
  { bootstrap, topic }: TopicQuestion,
  partitions: readonly number[],
  which: -1 | -2,
): Promise<ReadonlyMap<number, number>> {
  const asked = partitions.flatMap((p) => ["-t", `${topic}:${p}:${which}`]);
  const { stdout } = await run("kcat", ["-Q", "-b", bootstrap, ...asked], { timeout: KCAT_MS_MAX });
  const found = [...stdout.matchAll(/ \[(\d+)\] offset (\d+)$/gm)].map(
    (match) => [Number(match[1]), Number(match[2])] as const,
  );
  if (found.length !== partitions.length) throw new Error(`kcat found ${found.length} offsets: ${stdout}`);
  return new Map(found);
}
