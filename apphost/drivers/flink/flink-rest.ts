/** How Flink's REST API and its SQL Gateway's are asked, and what they are asked to know whether they serve. */
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import { callHttp, type HttpAnswer, type HttpCall } from "../../../simulator/common/foundation/http-call.ts";

const CALL_MS_MAX = 5_000;
const INTERVAL_MS = 100;
/** A JVM on a machine on which 20 others start. */
const FLINK_READY_MS_MAX = 120_000;

/** Rejects when no answer came within `msMax`. */
export const callFlink = (call: Omit<HttpCall, "token">, msMax = CALL_MS_MAX): Promise<HttpAnswer> =>
  callHttp({ ...call, token: null, signal: AbortSignal.any([call.signal, AbortSignal.timeout(msMax)]) });

/**
 * Of a Java stack trace, as it is or as a string of JSON: what was really wrong stands at the end of hundreds of lines.
 * Undefined where nothing is a cause of something else.
 */
export const findInnermostCause = (text: string): string | undefined =>
  [...text.matchAll(/Caused by: (.*?)(?:\\n|\n|\\r|$)/g)].at(-1)?.[1];

/** The body of an answer with 200; throws what else came. */
export async function readFlinkAnswer(url: string, signal: AbortSignal): Promise<unknown> {
  const { status, text } = await callFlink({ method: "GET", url, body: null, signal });
  if (status !== 200) throw new Error(`${url} answered ${status}: ${text.slice(0, 400)}`);
  return JSON.parse(text);
}

/** Its REST API comes up before its leader is known; only with one does it tell its TaskManagers. */
export const waitForJobManager = (restUrl: string, signal: AbortSignal): Promise<unknown> =>
  waitForAnswer(`${restUrl}/overview`, "Flink's JobManager to answer", signal);

export const waitForSqlGateway = (gatewayUrl: string, signal: AbortSignal): Promise<unknown> =>
  waitForAnswer(`${gatewayUrl}/v3/info`, "Flink's SQL Gateway to answer", signal);

const waitForAnswer = (url: string, what: string, signal: AbortSignal): Promise<unknown> =>
  waitUntil(() => readFlinkAnswer(url, signal), {
    what,
    deadlineMs: FLINK_READY_MS_MAX,
    intervalMs: INTERVAL_MS,
    signal,
  });

export interface RegisteredTaskManager {
  readonly id: string;
  /** Where this process of it listens: another one after a restart, while the id stays. */
  readonly path: string;
}

export async function readTaskManagers(
  restUrl: string,
  signal: AbortSignal,
): Promise<readonly RegisteredTaskManager[]> {
  const answer = await readFlinkAnswer(`${restUrl}/taskmanagers`, signal);
  return (answer as { readonly taskmanagers: readonly RegisteredTaskManager[] }).taskmanagers;
}

/** `formerPath`: of the process before this one, which Flink may still list until it misses its heartbeats. */
export const waitForTaskManager = (
  restUrl: string,
  { name, formerPath }: { readonly name: string; readonly formerPath: string | null },
  signal: AbortSignal,
): Promise<RegisteredTaskManager> =>
  waitUntil(
    async () => {
      const registered = await readTaskManagers(restUrl, signal);
      return registered.find(({ id, path }) => id === name && path !== formerPath);
    },
    {
      what: `the registration of ${name} at Flink's JobManager`,
      deadlineMs: FLINK_READY_MS_MAX,
      intervalMs: INTERVAL_MS,
      signal,
    },
  );
