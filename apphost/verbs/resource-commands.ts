/** `start`, `stop`, `restart` and `scale`: asked of the running host, which answers when it is done. */

import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { EXIT } from "../exit-code.ts";
import { askHost } from "../orchestrator/control-socket.ts";
import type { ResourceAnswer, ResourceRequest } from "../orchestrator/resource-requests.ts";
import { requireRunningHost } from "./running-host.ts";

export interface ResourceCommandOptions {
  readonly base: string;
  readonly request: ResourceRequest;
  readonly format: "text" | "json";
  readonly write: (line: string) => void;
  /** For what it waits for, and for what went wrong. */
  readonly note: (line: string) => void;
}

export async function runResourceCommand(options: ResourceCommandOptions): Promise<number> {
  const { request, format, write, note } = options;
  const host = requireRunningHost(options.base);
  const answer = (await askHost(host.state, request, note)) as ResourceAnswer;
  if (format === "json") write(JSON.stringify(answer));
  switch (answer.kind) {
    case "done":
      if (format === "text") write(answer.detail);
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
