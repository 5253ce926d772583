/**
 * Latency at a fixed offered rate, from the intended send time of each message to Redis's reply to the write that holds
 * it. The first seconds of a run are warm-up and left out (see `latency-window.ts`), for CPU time as well. Beside it
 * ProducerPerformance at the same rate, which knows only the way to the broker's acknowledgement: a lower bound.
 */
import { latencyAfter } from "../latency-window.ts";
import { runProducerPerformance } from "../peers/producer-performance.ts";
import { cpuPerMessage, runProduct } from "../product-run.ts";
import { describeRun } from "../run-figures.ts";
import type { BenchCase, BenchContext, BenchSuite } from "../suite.ts";

const RATES: readonly number[] = [10_000, 100_000, 300_000];
const MESSAGE_SIZE = 100;

const secondsOf = ({ options }: BenchContext): { readonly warmUp: number; readonly measured: number } =>
  options.quick ? { warmUp: 2, measured: 3 } : { warmUp: 5, measured: 10 };

const nameRate = (rate: number): string => `${rate / 1_000} k/s`;

async function measureProduct(context: BenchContext, rate: number) {
  const session = await context.session();
  const seconds = secondsOf(context);
  const run = await runProduct(context, {
    name: `latency at ${nameRate(rate)}`,
    messages: rate * (seconds.warmUp + seconds.measured),
    messageSize: MESSAGE_SIZE,
    infra: "native",
    kafka: session,
    redis: session,
    rate,
  });
  const { firstSend, lastAcknowledgement } = run.report.timesUs;
  if (firstSend === null || lastAcknowledgement === null) throw new Error("the run does not tell its first send");
  const fromUs = firstSend + seconds.warmUp * 1_000_000;
  const window = latencyAfter(run.metrics, fromUs);
  const { p50Ms, p99Ms, p999Ms } = window;
  const result = describeRun(run, { p50Ms, p99Ms, p999Ms, measuredRecords: window.records });
  const offered = ((lastAcknowledgement - fromUs) / 1_000_000) * rate;
  return {
    ...result,
    cpuUsPerMessage: cpuPerMessage(run.sampler, offered, fromUs, lastAcknowledgement),
    raw: { ...result.raw, rate, seconds, window, wholeRun: run.report.latencyMs },
  };
}

const productCase = (rate: number): BenchCase => ({
  id: `latency/${rate}`,
  title: `${nameRate(rate)}, to the applied effect`,
  usesBroker: true,
  measure: (context) => measureProduct(context, rate),
});

const peerCase = (rate: number): BenchCase => ({
  id: `latency/producer-performance-${rate}`,
  title: `${nameRate(rate)}, ProducerPerformance, to the acknowledgement`,
  usesBroker: true,
  measure(context) {
    const { warmUp, measured } = secondsOf(context);
    const messages = rate * (warmUp + measured);
    return runProducerPerformance(context, { messages, messageSize: MESSAGE_SIZE, rate, warmUp: rate * warmUp });
  },
});

export const latencySuite: BenchSuite = {
  name: "latency",
  title: "at a fixed offered rate, after the warm-up, from the intended send time",
  cases: RATES.flatMap((rate) => [productCase(rate), peerCase(rate)]),
  columns: [
    { figure: "p50Ms", title: "p50", form: "ms" },
    { figure: "p99Ms", title: "p99", form: "ms" },
    { figure: "p999Ms", title: "p99.9", form: "ms" },
    { figure: "measuredRecords", title: "records", form: "count" },
  ],
  ratios: RATES.map((rate) => ({
    title: `p99 at ${nameRate(rate)}: to the effect / to the acknowledgement`,
    over: { case: productCase(rate).id, figure: "p99Ms" },
    under: { case: peerCase(rate).id, figure: "p99Ms" },
  })),
  showsCpu: true,
};
