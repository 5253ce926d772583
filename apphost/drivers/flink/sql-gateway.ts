/**
 * A session at Flink's SQL Gateway, over its REST API (v3): statements one after the other, each to its end.
 *
 * Q1 A statement that submits a job is at its end when the job is submitted. The job outlives the session.
 * Q2 Each call and each statement has a deadline. What the gateway refuses is an error with the words of Flink's innermost
 *    cause: it stands at the end of a Java stack trace of hundreds of lines.
 */
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import { createError } from "../../../simulator/common/foundation/errors.ts";
import type { HttpCall } from "../../../simulator/common/foundation/http-call.ts";
import { callFlink, findInnermostCause } from "./flink-rest.ts";

const CALL_MS_MAX = 10_000;
/** The first one loads the planner. */
const STATEMENT_MS_MAX = 120_000;
const INTERVAL_MS = 50;
const QUOTED_MAX = 600;

export interface SqlSession {
  /** The id of the job that the statement submitted; null where it submits none. */
  execute(statement: string): Promise<string | null>;
  close(): Promise<void>;
}

/** `properties`: Flink's configuration for all statements of the session. */
export async function openSqlSession(
  gatewayUrl: string,
  properties: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<SqlSession> {
  const sessions = `${gatewayUrl}/v3/sessions`;
  const { sessionHandle } = await call<{ sessionHandle: string }>(
    sessions,
    { method: "POST", body: { properties } },
    signal,
  );
  const session = `${sessions}/${sessionHandle}`;
  return {
    async execute(statement) {
      const body = { statement };
      const { operationHandle } = await call<{ operationHandle: string }>(
        `${session}/statements`,
        { method: "POST", body },
        signal,
      );
      return waitForResult(`${session}/operations/${operationHandle}`, statement, signal);
    },
    async close() {
      await call(session, { method: "DELETE", body: null }, signal);
    },
  };
}

interface OperationResult {
  readonly resultType: "NOT_READY" | "PAYLOAD" | "EOS";
  readonly jobID?: string;
}

async function waitForResult(operation: string, statement: string, signal: AbortSignal): Promise<string | null> {
  // A refusal is final: `waitUntil` takes what a look throws for "not yet", so it is handed out as a value.
  const outcome = await waitUntil(
    async () => {
      try {
        const result = await call<OperationResult>(
          `${operation}/result/0?rowFormat=JSON`,
          { method: "GET", body: null },
          signal,
        );
        return result.resultType === "NOT_READY" ? undefined : ({ kind: "done", jobId: result.jobID ?? null } as const);
      } catch (error) {
        return { kind: "refused", error } as const;
      }
    },
    { what: `the statement ${firstLine(statement)}`, deadlineMs: STATEMENT_MS_MAX, intervalMs: INTERVAL_MS, signal },
  );
  if (outcome.kind === "refused") throw outcome.error;
  return outcome.jobId;
}

const firstLine = (statement: string): string => statement.split("\n", 1)[0] ?? "";

async function call<T>(url: string, request: Pick<HttpCall, "method" | "body">, signal: AbortSignal): Promise<T> {
  const { status, text } = await callFlink({ ...request, url, signal }, CALL_MS_MAX);
  if (status === 200) return JSON.parse(text) as T;
  throw createError("SQL_REFUSED", { status, reason: readInnermostCause(text) });
}

/** Of `{"errors": ["Internal server error.", "<stack trace with causes>"]}`; of anything else its begin. */
export const readInnermostCause = (text: string): string => (findInnermostCause(text) ?? text).slice(0, QUOTED_MAX);
