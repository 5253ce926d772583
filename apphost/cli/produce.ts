/** `produce`: one more round in the running host. Ends with that round's verdict, and its code. */
import type { HostEventBody } from "../../simulator/common/contract/events.ts";
import { tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import { askRunningHost, type HostChoice, requireRunningHost } from "../control/running-host.ts";
import { describeVerdict } from "../snapshot/event-text.ts";
import { readHostWork } from "./host-work.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";

type Verdict = HostEventBody & { type: "verdict" };

export async function runProduce(
  options: HostChoice & { readonly messages: number; readonly ui: "plain" | "json" | "quiet" },
  terminal: Terminal,
): Promise<number> {
  const host = requireRunningHost(options);
  const { runId } = host.state;
  const { note, ended: signal } = terminal;
  const words = options.ui === "quiet" ? {} : { onAccepted: note, tell: noteLongWait(terminal) };
  const asked = askRunningHost(host, { request: "produce", messages: options.messages }, { signal, ...words });
  const { tell = () => undefined } = words;
  const what = async () =>
    `the verdict of run ${runId} (${(await readHostWork(host, signal)) ?? "whose host is silent"})`;
  // The host ends it: by --max-time, and by the deadlines of what comes after.
  const verdict = (await tellLongWait(asked, { what, deadlineMs: null }, tell)) as Verdict;
  if (options.ui === "json") await terminal.write(JSON.stringify(verdict));
  else {
    for (const line of [describeVerdict(verdict), ...verdict.reasons.map((reason) => `  reason  ${reason}`)]) {
      await terminal.write(line);
    }
  }
  return verdict.exitCode;
}
