/** `validate`: whether a job on Flink, which some cluster runs, has counted each record of a topic exactly once. */
import { type CountsRequest, validateCounts } from "../../scripts/validate/counts/counts-validation.ts";
import { isAppError } from "../../simulator/common/foundation/errors.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { EXIT } from "../exit-code.ts";
import { formatCount } from "../snapshot/format.ts";
import type { Terminal } from "./terminal.ts";

export type Validation = Pick<CountsRequest, "kafka" | "topic" | "countsTopic" | "messages" | "deadlineMs" | "redis">;

/** As many as a person reads. */
const SHOWN_MAX = 20;

export async function runValidate(validation: Validation, { write, note, ended }: Terminal): Promise<number> {
  const onProgress = (step: string) => note(`validate: ${step}`);
  try {
    const log = createLog();
    const { messages, findings } = await validateCounts({ ...validation, log, signal: ended, onProgress });
    for (const { kind, text } of findings.slice(0, SHOWN_MAX)) await write(`${kind}: ${text}`);
    if (findings.length > SHOWN_MAX) await write(`and ${findings.length - SHOWN_MAX} more`);
    if (findings.length === 0) {
      await write(`Verdict: PASSED: Flink counted each of ${formatCount(messages)} messages exactly once`);
      return EXIT.passed;
    }
    const isViolated = findings.some(({ kind }) => kind === "violated");
    await write(isViolated ? "Verdict: FAILED: exactly-once violated" : "Verdict: unknown: a fact could not be had");
    return isViolated ? EXIT.exactlyOnce : EXIT.infrastructure;
  } catch (error) {
    if (!isAppError(error) || error.code !== "DEADLINE_EXCEEDED") throw error;
    note(`flink-apphost: ${error.message}`);
    await write("Verdict: FAILED: Flink's counts did not come in time");
    return EXIT.budget;
  }
}
