/**
 * What it costs to look: the same live run on the session's servers in a terminal of 120x40, with the dashboard and with
 * `--ui quiet`. CPU is a share of that of all processes of the run between the first send and the last applied effect; a
 * frame's cost is the dashboard's CPU time over the frames of that time, with all that it does between them.
 */
import { cpuPerMessage, type ProductRun, runProduct } from "../product-run.ts";
import { describeRun } from "../run-figures.ts";
import type { BenchCase, BenchSuite, CaseResult } from "../suite.ts";
import { countFrames } from "../terminal/frames.ts";

const MESSAGE_SIZE = 100;

const createCase = (ui: "tui" | "quiet", title: string): BenchCase => ({
  id: `dashboard/${ui}`,
  title,
  usesBroker: true,
  async measure(context) {
    const session = await context.session();
    const run = await runProduct(context, {
      name: `a run with --ui ${ui}`,
      messages: context.options.messages,
      messageSize: MESSAGE_SIZE,
      infra: "native",
      kafka: session,
      redis: session,
      terminalUi: ui,
    });
    return describe(run);
  },
});

function describe(run: ProductRun): CaseResult {
  const result = describeRun(run);
  const { firstSend, lastEffect } = run.report.timesUs;
  const cpu = cpuPerMessage(run.sampler, 1_000, firstSend, lastEffect);
  if (cpu === null || firstSend === null || lastEffect === null) return result;
  const sum = Object.values(cpu).reduce<number>((total, ms) => total + (ms ?? 0), 0);
  const percent = (group: string) => (cpu[group] == null || sum === 0 ? null : (100 * cpu[group]) / sum);
  const frames = countFrames(run.written, firstSend, lastEffect);
  const dashboardMs = cpu["dashboard"] ?? null;
  return {
    ...result,
    figures: {
      ...result.figures,
      hostPercent: percent("host"),
      dashboardPercent: percent("dashboard"),
      bothPercent: (percent("host") ?? 0) + (percent("dashboard") ?? 0),
      frames,
      frameMs: dashboardMs === null || frames === 0 ? null : dashboardMs / frames,
    },
    raw: { ...result.raw, cpuMsByGroup: cpu, written: run.written },
  };
}

const dashboard = createCase("tui", "with the dashboard");
const quiet = createCase("quiet", "with --ui quiet");

export const dashboardSuite: BenchSuite = {
  name: "dashboard",
  title: "a live run in a terminal of 120x40: rate, and the share of all CPU that host and dashboard take",
  cases: [dashboard, quiet],
  columns: [
    { figure: "endToEndPerSecond", title: "end to end", form: "rate" },
    { figure: "hostPercent", title: "host", form: "percent" },
    { figure: "dashboardPercent", title: "dashboard", form: "percent" },
    { figure: "bothPercent", title: "both", form: "percent" },
    { figure: "frames", title: "frames", form: "count" },
    { figure: "frameMs", title: "CPU a frame", form: "ms" },
  ],
  ratios: [
    {
      title: "end to end: with the dashboard / with --ui quiet",
      over: { case: dashboard.id, figure: "endToEndPerSecond" },
      under: { case: quiet.id, figure: "endToEndPerSecond" },
    },
  ],
  showsCpu: true,
};
