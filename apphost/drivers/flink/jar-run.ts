/** Hands a jar to Flink's JobManager over its REST API: the file to /jars/upload, and then a run of it. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { createError } from "../../../simulator/common/foundation/errors.ts";
import { type HttpAnswer, isOk } from "../../../simulator/common/foundation/http-call.ts";
import { readValue } from "../../../simulator/common/foundation/json-fields.ts";
import { callFlink, findInnermostCause } from "./flink-rest.ts";

// As in `http-call.ts`: an import would bring the whole of `fetch` along.
const { Agent, request } = process.getBuiltinModule("node:http");

/** Of a large jar on a slow disk; the run executes the program's main method. */
const UPLOAD_MS_MAX = 120_000;
const RUN_MS_MAX = 120_000;
const ANSWER_LENGTH_MAX = 1024 * 1024;
const QUOTED_MAX = 600;

export interface JarRun {
  readonly entryClass: string | null;
  readonly programArguments: readonly string[];
  readonly jobId: string;
  readonly parallelism: number;
  /** A checkpoint or savepoint as a URI; null: it begins. */
  readonly restoreFrom: string | null;
  readonly configuration: Readonly<Record<string, string>>;
}

/** The id under which Flink has it, for as long as its JobManager lives. Throws JAR_REFUSED. */
export async function uploadJar(restUrl: string, path: string, signal: AbortSignal): Promise<string> {
  const answer = await sendFile(
    `${restUrl}/jars/upload`,
    path,
    AbortSignal.any([signal, AbortSignal.timeout(UPLOAD_MS_MAX)]),
  );
  const stored = readAnswer(answer, "upload", (fields) => fields.text("filename"));
  return stored.slice(stored.lastIndexOf("/") + 1);
}

/** The id of the job that the program submitted. Throws JAR_REFUSED. */
export async function runJar(restUrl: string, jarId: string, run: JarRun, signal: AbortSignal): Promise<string> {
  const { entryClass, programArguments, jobId, parallelism, restoreFrom, configuration } = run;
  const body = {
    ...(entryClass === null ? {} : { entryClass }),
    programArgsList: programArguments,
    jobId,
    parallelism,
    ...(restoreFrom === null ? {} : { savepointPath: restoreFrom }),
    flinkConfiguration: configuration,
  };
  const url = `${restUrl}/jars/${encodeURIComponent(jarId)}/run`;
  const answer = await callFlink({ method: "POST", url, body, signal }, RUN_MS_MAX);
  return readAnswer(answer, "run", (fields) => fields.text("jobid"));
}

function readAnswer(
  { status, text }: HttpAnswer,
  call: "upload" | "run",
  as: Parameters<typeof readValue<string>>[1],
): string {
  const refuse = (reason: string) => createError("JAR_REFUSED", { call, status, reason: reason.slice(0, QUOTED_MAX) });
  if (!isOk({ status, text })) throw refuse(findInnermostCause(text) ?? text);
  const parsed = readValue(JSON.parse(text), as);
  if (parsed.kind === "valid") return parsed.value;
  throw refuse(parsed.reason);
}

/** As a form of a browser would. No proxy is asked: the JobManager is on this machine. */
async function sendFile(url: string, path: string, signal: AbortSignal): Promise<HttpAnswer> {
  const boundary = "flink-apphost-7d8f1c52";
  const name = basename(path).replaceAll(/["\r\n]/g, "_");
  const head = Buffer.from(
    `--${boundary}\r\ncontent-disposition: form-data; name="jarfile"; filename="${name}"\r\ncontent-type: application/x-java-archive\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const { size } = await stat(path);
  const headers = {
    "content-type": `multipart/form-data; boundary=${boundary}`,
    "content-length": head.length + size + tail.length,
  };
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const call = request(url, { agent: new Agent(), method: "POST", headers, signal }, (answer) => {
    let text = "";
    answer.setEncoding("utf8");
    answer.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > ANSWER_LENGTH_MAX) answer.destroy(new Error("the answer to an upload is too long"));
    });
    answer.on("error", reject);
    answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
  });
  call.on("error", reject);
  const parts = async function* () {
    yield head;
    yield* createReadStream(path);
    yield tail;
  };
  const sent = pipeline(parts, call);
  sent.catch(reject);
  return promise;
}
