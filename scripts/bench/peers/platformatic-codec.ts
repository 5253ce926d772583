/** The record codec of @platformatic/kafka, which is no dependency of this project: measured where it is installed. */
import type { BatchWork } from "../codec-worker/timing.ts";

interface PlatformaticModule {
  readonly Reader: { from(buffer: Buffer): unknown };
  readonly readRecordsBatches: (
    reader: unknown,
  ) => readonly { readonly records: readonly { readonly value: Buffer }[] }[];
  readonly createRecordsBatch: (
    messages: readonly { readonly topic: string; readonly value: Buffer }[],
    options: object,
  ) => { readonly length: number };
}

const NAME = "@platformatic/kafka";

/** Null when it is not installed. */
export async function createPlatformaticWorks(batch: Buffer): Promise<Readonly<Record<string, BatchWork>> | null> {
  const module = await loadModule();
  if (module === null) return null;
  const { Reader, readRecordsBatches, createRecordsBatch } = module;
  const decode = () => readRecordsBatches(Reader.from(batch)).flatMap(({ records }) => records);
  const messages = decode().map(({ value }) => ({ topic: "bench", value: Buffer.from(value) }));
  return {
    encodeNs() {
      const { length } = createRecordsBatch(messages, {});
      if (length < batch.length / 2) throw new Error(`${NAME} encoded ${length} bytes`);
    },
    decodeNs() {
      const found = decode().length;
      if (found !== messages.length) throw new Error(`${NAME} found ${found} of ${messages.length} records`);
    },
  };
}

async function loadModule(): Promise<PlatformaticModule | null> {
  try {
    return (await import(NAME)) as PlatformaticModule;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return null;
    throw error;
  }
}
