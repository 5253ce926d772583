/** A peer that is one command on the session's broker: its output, its time, and the CPU time of itself and the broker. */
import { join } from "node:path";
import { findJava } from "../../../simulator/common/foundation/program.ts";
import { type CommandSpec, cleanEnvironment, runCommand } from "../child-command.ts";
import { findKafkaLibs, MissingPart } from "../parts.ts";
import { canSample, ProcessSampler, readReapedCpuMs } from "../process-sampler.ts";
import type { Session } from "../session.ts";
import type { BenchContext, Figures } from "../suite.ts";

const PEER_MS_MAX = 1_800_000;

export interface PeerRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly wallMs: number;
  readonly cpuUsPerMessage: Figures | null;
  readonly rssBytesMax: Figures;
}

export async function runPeer(
  context: BenchContext,
  session: Session,
  spec: Omit<CommandSpec, "cwd" | "env"> & {
    readonly env?: Readonly<Record<string, string>>;
    readonly messages: number;
  },
): Promise<PeerRun> {
  const { clock, signal, workFolder } = context;
  const sampler = new ProcessSampler(() => clock.nowUs());
  session.watchBroker(sampler);
  // Exact, and without a last sample that came too early: no other child of ours ends meanwhile.
  const reapedBeforeMs = readReapedCpuMs();
  const fromUs = clock.nowUs();
  const command = { ...spec, cwd: workFolder, env: cleanEnvironment(spec.env) };
  try {
    const onStart = (pid: number) => sampler.watch("peer", pid);
    const { stdout, stderr, wallMs } = await runCommand(command, { deadlineMs: PEER_MS_MAX, signal, onStart });
    sampler.stop();
    const reapedMs = (readReapedCpuMs() ?? 0) - (reapedBeforeMs ?? 0);
    const { broker = 0 } = sampler.cpuMsBetween(fromUs, clock.nowUs());
    const perMessage = (ms: number) => (ms * 1_000) / spec.messages;
    const cpuUsPerMessage = canSample() ? { peer: perMessage(reapedMs), broker: perMessage(broker) } : null;
    return { stdout, stderr, wallMs, cpuUsPerMessage, rssBytesMax: sampler.rssBytesMax() };
  } finally {
    sampler.stop();
  }
}

/** One of the tools in Kafka's own jars. */
export function javaTool(name: string, args: readonly string[]) {
  const java = findJava();
  const libs = findKafkaLibs();
  if (java === undefined || libs === undefined) throw new MissingPart("Java or Kafka's jars are not here");
  return {
    name,
    command: java,
    args: [`org.apache.kafka.tools.${name}`, ...args],
    // By variable: the star is expanded by Java, and must not be by anybody else.
    env: { CLASSPATH: join(libs, "*") },
  };
}
