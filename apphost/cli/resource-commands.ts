/** `start`, `stop`, `restart` and `scale`: asked of the running host, which answers when it is done. */

import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import type { ResourceAnswer, ResourceRequest } from "../control/protocol.ts";
import { askRunningHost, type HostChoice, requireRunningHost } from "../control/running-host.ts";
import { EXIT } from "../exit-code.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";

export interface ResourceCommandOptions extends HostChoice {
  readonly request: ResourceRequest;
  readonly format: "text" | "json";
}

export async function runResourceCommand(options: ResourceCommandOptions, terminal: Terminal): Promise<number> {
  const { request, format } = options;
  const { write, note, ended } = terminal;
  const host = requireRunningHost(options);
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
      throw createError("USAGE_OPTION_INVALID", {
        option,
        value: answer.asked,
        expected: `one of ${answer.known.join(", ")}`,
      });
    }
    default:
      return unreachable(answer);
  }
}
