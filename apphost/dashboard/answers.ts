/** What the host answered, in words. Pure. */
import type { VerdictEvent } from "../../simulator/common/contract/events.ts";
import { formatCheckpointId } from "../../simulator/common/contract/files/checkpoint.ts";
import type { CheckpointAnswer, ControlRequest, ResourceAnswer } from "../control/protocol.ts";
import { describeVerdict } from "../snapshot/event-text.ts";
import { formatAmount, formatMs } from "../snapshot/format.ts";
import type { Message } from "./state/view-state.ts";

export function describeAnswer(request: ControlRequest, answer: unknown): Message {
  switch (request.request) {
    case "start":
    case "stop":
    case "restart":
    case "kill":
    case "pause":
    case "resume":
    case "scale":
      return describeResourceAnswer(request.request, answer as ResourceAnswer);
    case "checkpoint":
      return describeCheckpointAnswer(answer as CheckpointAnswer);
    case "produce": {
      const verdict = answer as VerdictEvent;
      return { level: verdict.verdict === "passed" ? "info" : "error", text: describeVerdict(verdict) };
    }
    default:
      return { level: "info", text: `${request.request}: done` };
  }
}

function describeCheckpointAnswer(answer: CheckpointAnswer): Message {
  if (answer.kind === "failed") return { level: "error", text: `the checkpoint failed: ${answer.reason}` };
  const { id, durationMs, total } = answer;
  const counted = formatAmount(total, "record");
  return {
    level: "info",
    text: `checkpoint ${formatCheckpointId(id)} completed in ${formatMs(durationMs)}: ${counted}`,
  };
}

function describeResourceAnswer(verb: string, answer: ResourceAnswer): Message {
  switch (answer.kind) {
    case "done":
      return { level: "info", text: answer.detail };
    case "failed":
      return { level: "error", text: `${verb} failed: ${answer.reason}` };
    case "unknown":
      return { level: "error", text: `there is no ${answer.asked}; there are ${answer.known.join(", ")}` };
  }
}
