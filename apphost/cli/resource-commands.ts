/**
 * `start`, `stop`, `restart`, `kill`, `pause`, `resume` and `scale`: asked of the running host, which answers when it is done.
 *
 * Of several names each is tried, in the order in which they were given, whatever became of those before; each failure is
 * told, and the highest of the exit codes is the verb's.
 */
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import type { ResourceAnswer, ResourceRequest } from "../control/protocol.ts";
import { askRunningHost, type HostChoice, type RunningHost, requireRunningHost } from "../control/running-host.ts";
import { EXIT, exitCodeOfError } from "../exit-code.ts";
import { findNearest } from "../usage.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";

export interface ResourceCommandsOptions extends HostChoice {
  readonly requests: readonly ResourceRequest[];
  /** With "json" each answer is a line. */
  readonly format: "text" | "json";
}

export async function runResourceCommands(options: ResourceCommandsOptions, terminal: Terminal): Promise<number> {
  const { requests, format } = options;
  const host = requireRunningHost(options);
  let exitCode: number = EXIT.passed;
  for (const request of requests) {
    try {
      exitCode = Math.max(exitCode, await runRequest(host, request, { format, terminal }));
    } catch (error) {
      terminal.ended.throwIfAborted();
      terminal.note(`flink-apphost: ${describeError(error)}`);
      exitCode = Math.max(exitCode, exitCodeOfError(error));
    }
  }
  return exitCode;
}

interface Answering {
  readonly format: "text" | "json";
  readonly terminal: Terminal;
}

async function runRequest(host: RunningHost, request: ResourceRequest, answering: Answering): Promise<number> {
  const { format, terminal } = answering;
  const { write, note, ended } = terminal;
  const tell = noteLongWait(terminal);
  let step = "";
  const onAccepted = (detail: string) => {
    step = ` (${detail})`;
    note(detail);
  };
  const asked = askRunningHost(host, request, { onAccepted, signal: ended, tell });
  // The host's deadlines are those of the steps, which it names.
  const words = { what: () => `the end of ${request.request}${step}`, deadlineMs: null };
  const answer = (await tellLongWait(asked, words, tell)) as ResourceAnswer;
  if (format === "json") await write(JSON.stringify(answer));
  switch (answer.kind) {
    case "done":
      if (format === "text") await write(answer.detail);
      return EXIT.passed;
    case "failed":
      note(`flink-apphost: ${request.request} failed: ${answer.reason}`);
      return EXIT.unexpected;
    case "unknown": {
      const option = request.request === "scale" ? "the group to scale" : `the resource to ${request.request}`;
      const nearest = findNearest(answer.asked, answer.known);
      const names = `one of ${answer.known.join(", ")}`;
      throw createError("USAGE_OPTION_INVALID", {
        option,
        value: answer.asked,
        expected: nearest === null ? names : `${names}; did you mean ${nearest}?`,
      });
    }
    default:
      return unreachable(answer);
  }
}
