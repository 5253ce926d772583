/** `produce`: one more round in the running host. Ends with that round's verdict, and its code. */
import type { HostEventBody } from "../../simulator/common/contract/events.ts";
import { askRunningHost, type HostChoice, requireRunningHost } from "../control/running-host.ts";
import { describeVerdict } from "../dashboard/event-text.ts";
import type { Terminal } from "./terminal.ts";

type Verdict = HostEventBody & { type: "verdict" };

export async function runProduce(
  options: HostChoice & { readonly messages: number; readonly ui: "plain" | "json" | "quiet" },
  terminal: Terminal,
): Promise<number> {
  const host = requireRunningHost(options);
  const verdict = (await askRunningHost(
    host,
    { request: "produce", messages: options.messages },
    { signal: terminal.ended, ...(options.ui === "quiet" ? {} : { onAccepted: terminal.note }) },
  )) as Verdict;
  if (options.ui === "json") await terminal.write(JSON.stringify(verdict));
  else {
    for (const line of [describeVerdict(verdict), ...verdict.reasons.map((reason) => `  reason  ${reason}`)]) {
      await terminal.write(line);
    }
  }
  return verdict.exitCode;
}
