/** `produce` without --kafka: one more round in the running host. Ends with that round's verdict, and its code. */
import type { HostEventBody } from "../../simulator/common/contract/events.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import { PRODUCE_RATE } from "../control/protocol.ts";
import { askRunningHost, type RunningHost, requireRunningHost } from "../control/running-host.ts";
import type { HostDescription } from "../model/description.ts";
import { describeVerdict } from "../snapshot/event-text.ts";
import { readHostWork } from "./host-work.ts";
import type { RoundRequest } from "./produce-options.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";

type Verdict = HostEventBody & { type: "verdict" };

export async function runProduce(options: RoundRequest, terminal: Terminal): Promise<number> {
  const host = requireRunningHost(options);
  const { runId } = host.state;
  const { note, ended: signal } = terminal;
  const words = options.ui === "quiet" ? {} : { onAccepted: note, tell: noteLongWait(terminal) };
  const { messages, rate } = options;
  if (rate !== 0) await requireRates(host, signal);
  const asked = askRunningHost(host, { request: "produce", messages, rate }, { signal, ...words });
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

/** A host of an older version would take the round, and produce it at the rate of its run. */
async function requireRates(host: RunningHost, signal: AbortSignal): Promise<void> {
  const { capabilities, version } = (await askRunningHost(
    host,
    { request: "describe", showSecrets: false },
    { signal },
  )) as HostDescription;
  if (capabilities.includes(PRODUCE_RATE)) return;
  const reason = `it is of version ${version}, in which a round has no rate of its own: leave --rate out`;
  throw createError("CONTROL_REFUSED", { request: "produce", reason });
}
