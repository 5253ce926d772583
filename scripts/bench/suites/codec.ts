/**
 * CPU time a record of the codecs, on the same batch in memory: no broker, no socket. `decode` of this project includes
 * the checksum and the checks of the message's form; that of kafkajs includes neither.
 */

import { median } from "../../report/compare/spread.ts";
import { cleanEnvironment, runCommand } from "../child-command.ts";
import type { CodecAnswer, CodecTask } from "../codec-worker/messages.ts";
import { MissingPart, programPath } from "../parts.ts";
import type { BenchCase, BenchContext, BenchSuite, CaseResult } from "../suite.ts";

/** What the producer puts into one batch of 100-byte messages. */
const RECORDS = 4_000;
const MESSAGE_SIZE = 100;
const BUDGET_MS = { full: 1_000, quick: 100 };
const WORKER_MS_MAX = 120_000;

async function measureCodec(context: BenchContext, codec: CodecTask["codec"]): Promise<CaseResult> {
  const budgetMs = context.options.quick ? BUDGET_MS.quick : BUDGET_MS.full;
  const task: CodecTask = { codec, records: RECORDS, messageSize: MESSAGE_SIZE, budgetMs };
  const { stdout } = await runCommand(
    {
      name: `the codec of ${codec}`,
      command: process.execPath,
      args: [programPath("scripts/bench/codec-worker/main")],
      cwd: context.workFolder,
      env: cleanEnvironment({ BENCH_CODEC_TASK: JSON.stringify(task) }),
    },
    { deadlineMs: WORKER_MS_MAX, signal: context.signal },
  );
  const answer = JSON.parse(stdout) as CodecAnswer;
  if (answer === null) throw new MissingPart(`${codec} is not installed here`);
  return {
    messages: RECORDS,
    messageSize: MESSAGE_SIZE,
    figures: Object.fromEntries(Object.entries(answer).map(([figure, values]) => [figure, median(values)])),
    cpuUsPerMessage: null,
    rssBytesMax: null,
    raw: { task, nsPerRecord: answer },
  };
}

const createCase = (codec: CodecTask["codec"], title: string): BenchCase => ({
  id: `codec/${codec}`,
  title,
  usesBroker: false,
  isPeer: codec !== "own",
  measure: (context) => measureCodec(context, codec),
});

const own = createCase("own", "this project");
const kafkajs = createCase("kafkajs", "kafkajs");
const platformatic = createCase("platformatic", "@platformatic/kafka");

const faster = (peer: BenchCase, figure: string, what: string) => ({
  title: `${what}: ${peer.title} / this project`,
  over: { case: peer.id, figure },
  under: { case: own.id, figure },
});

export const codecSuite: BenchSuite = {
  name: "codec",
  title: `ns a record, batches of ${RECORDS} records of ${MESSAGE_SIZE} bytes`,
  cases: [own, kafkajs, platformatic],
  columns: [
    { figure: "encodeNs", title: "encode", form: "ns" },
    { figure: "crcNs", title: "CRC alone", form: "ns" },
    { figure: "parseNs", title: "parse alone", form: "ns" },
    { figure: "decodeNs", title: "decode, all", form: "ns" },
    { figure: "validateNs", title: "validator", form: "ns" },
  ],
  ratios: [
    faster(kafkajs, "decodeNs", "decode"),
    faster(kafkajs, "encodeNs", "encode"),
    faster(platformatic, "decodeNs", "decode"),
    faster(platformatic, "encodeNs", "encode"),
  ],
  showsCpu: false,
};
