/** `checkpoint`: the job's state written down now, and what was written. */
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import type { CheckpointAnswer } from "../control/protocol.ts";
import { askRunningHost, type HostChoice, requireRunningHost } from "../control/running-host.ts";
import { EXIT } from "../exit-code.ts";
import { formatAmount, formatMs } from "../snapshot/format.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";

export async function runCheckpoint(
  options: HostChoice & { readonly format: "text" | "json" },
  terminal: Terminal,
): Promise<number> {
  const { write, note, ended: signal } = terminal;
  const host = requireRunningHost(options);
  const tell = noteLongWait(terminal);
  const asked = askRunningHost(host, { request: "checkpoint" }, { onAccepted: note, signal, tell });
  // The host's deadline is that of the wait, which it names.
  const answer = (await tellLongWait(asked, { what: "the checkpoint", deadlineMs: null }, tell)) as CheckpointAnswer;
  if (options.format === "json") await write(JSON.stringify(answer));
  switch (answer.kind) {
    case "completed": {
      const { id, durationMs, total } = answer;
      const counted = formatAmount(total, "record");
      if (options.format === "text") await write(`checkpoint ${id} completed in ${formatMs(durationMs)}: ${counted}`);
      return EXIT.passed;
    }
    case "failed":
      note(`flink-apphost: checkpoint failed: ${answer.reason}`);
      return EXIT.unexpected;
    default:
      return unreachable(answer);
  }
}
