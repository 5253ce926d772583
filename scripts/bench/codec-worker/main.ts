/** Measures one codec, in a process of its own: nobody else's garbage and nobody else's compiled code. */
import { createKafkajsWorks } from "../peers/kafkajs-codec.ts";
import { createPlatformaticWorks } from "../peers/platformatic-codec.ts";
import type { CodecAnswer, CodecTask } from "./messages.ts";
import { createBatch, createOwnWorks } from "./own-codec.ts";
import { measureNs } from "./timing.ts";

const task = JSON.parse(process.env["BENCH_CODEC_TASK"] ?? "") as CodecTask;
process.stdout.write(`${JSON.stringify(await measure(task))}\n`);

async function measure({ codec, records, messageSize, budgetMs }: CodecTask): Promise<CodecAnswer> {
  const batch = createBatch(records, messageSize);
  const works = await createWorks(codec, batch, records, messageSize);
  if (works === null) return null;
  const values: Record<string, readonly number[]> = {};
  for (const [figure, work] of Object.entries(works)) values[figure] = await measureNs(work, records, budgetMs);
  return values;
}

function createWorks(codec: CodecTask["codec"], batch: Buffer, records: number, messageSize: number) {
  switch (codec) {
    case "own":
      return createOwnWorks(batch, records, messageSize);
    case "kafkajs":
      return createKafkajsWorks(batch);
    case "platformatic":
      return createPlatformaticWorks(batch);
  }
}
