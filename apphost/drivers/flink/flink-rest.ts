/** What is asked of Flink's REST API and of its SQL Gateway's to know whether they serve. */
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import { callHttp } from "../../../simulator/common/foundation/http-call.ts";

const CALL_MS_MAX = 5_000;
const INTERVAL_MS = 100;
/** A JVM on a machine on which 20 others start. */
const FLINK_READY_MS_MAX = 120_000;

/** The body of an answer with 200; throws what else came. */
export async function readFlinkAnswer(url: string, signal: AbortSignal): Promise<unknown> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS_MAX)]);
  const { status, text } = await callHttp({ method: "GET", url, token: null, body: null, signal: limit });
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
