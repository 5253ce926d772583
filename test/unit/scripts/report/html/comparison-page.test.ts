import { describe, expect, it } from "vitest";
import { compareRuns, type Side } from "../../../../../scripts/report/compare/compare-runs.ts";
import { measureRun, type RunMeasure } from "../../../../../scripts/report/compare/run-measure.ts";
import { renderComparisonPage } from "../../../../../scripts/report/html/comparison-page.ts";
import type { Report } from "../../../../../simulator/common/contract/files/report.ts";
import { evenReport } from "../../../../support/even-report.ts";

const HOSTILE = `</td></style><script>alert("x")</script><img src=x onerror=alert(1)>`;

const side = (name: string, ...runs: readonly RunMeasure[]): Side => ({ name, runs });
const measure = (change: Partial<Report> = {}): RunMeasure => measureRun(evenReport(change), null);
const rate = (endToEndPerSecond: number, change: Partial<Report> = {}) =>
  measure({ runId: `run${endToEndPerSecond}`, throughput: { producePerSecond: null, endToEndPerSecond }, ...change });

function render(a: Side, b: Side, failAbovePercent: number | null = null): string {
  const comparison = compareRuns(a, b, failAbovePercent === null ? null : failAbovePercent / 100);
  return renderComparisonPage({ comparison, a, b, failAbovePercent });
}

const listCharts = (page: string) => [...page.matchAll(/<figure id="chart-([\w-]+)">/g)].map(([, id]) => id);
const readLead = (page: string) => /<div class="lead">([\s\S]*?)<\/div>/.exec(page)?.[1] ?? "";

describe("the page of a comparison", () => {
  it("says first what got worse and by how much, then who stands out, then what got better", () => {
    const slow = evenReport().taskManagers.map((tm) =>
      tm.id === "taskmanager-03" ? { ...tm, latencyMs: { p50: 120, p99: 260 } } : tm,
    );
    const better = { durationMs: { ...evenReport().durationMs, startup: 500 } };
    const page = render(
      side("a", rate(100), rate(110)),
      side("b", rate(70, { taskManagers: slow, ...better }), rate(80, { taskManagers: slow, ...better })),
    );
    const lead = readLead(page);
    const places = [
      " figures got worse, 1 got better",
      "rate end to end: 105/s in A, 75/s in B (-28.6 %)",
      "taskmanager-03 SLOWER THAN ITS PEERS in B: latency p50 120 ms beside 5.00 ms of its peers",
      "startup: 1,500 ms in A, 500 ms in B (-66.7 %)",
    ].map((text) => lead.indexOf(text));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((x, y) => x - y));
    expect(page).toMatch(/<tbody>\s*<tr><th scope="row">rate end to end \*/);
    expect(page).not.toMatch(/undefined|NaN|\[object/);
  });

  it("draws each figure that was judged, those that changed first, and of the others nothing", () => {
    const judged = render(side("a", rate(100), rate(110)), side("b", rate(70), rate(80)));
    expect(listCharts(judged).slice(0, 2)).toEqual(["load-latency-p50", "figure-endToEndPerSecond"]);
    expect(listCharts(judged)).toContain("figure-startupMs");
    const single = render(side("a", rate(100)), side("b", rate(70)));
    expect(listCharts(single)).toEqual(["load-latency-p50"]);
    expect(single).toContain("No figure was judged");
    expect(readLead(single)).toContain("Nothing changed beyond its spread");
  });

  it.each([
    [10, "bad", "FAILED: worse by more than 10 % and by more than the spread: rate end to end"],
    [50, "good", "KEPT: nothing that counts got worse by more than 50 %"],
  ] as const)("tells what a limit of %s %% comes to", (limit, style, text) => {
    const page = render(side("a", rate(100), rate(110)), side("b", rate(70), rate(80)), limit);
    expect(page).toContain(`<p class="verdict ${style}">${text}`);
  });

  it("does not call it good that nothing could be judged", () => {
    expect(render(side("a", rate(100)), side("b", rate(70)), 10)).toContain('<p class="verdict warn">UNKNOWN');
  });

  it("names what is not alike only where something is, and the environment of both always", () => {
    const other = measure({ parameters: { ...evenReport().parameters, messageSize: 200 } });
    const forced = render(side("a", measure()), side("b", other));
    expect(forced).toContain("the sides differ in message size, and a change may come from that");
    expect(forced).toContain('<section id="differences"');
    const alike = render(side("a", measure()), side("b", measure()));
    expect(alike).not.toContain('<section id="differences"');
    expect(alike).toContain('<th scope="row">machine</th><td>2 cores (cpu), 8 GiB</td><td>2 cores (cpu), 8 GiB</td>');
  });

  it("draws at most a hundred of the seconds behind a figure, both ends among them", () => {
    const seconds = Array.from({ length: 5_000 }, (_, second) => 1_000 + second);
    const run = (value: number): RunMeasure => ({
      ...measure(),
      figures: { endToEndPerSecond: { value, secondsSpread: 0.1, seconds } },
    });
    const page = render(side("a", run(3_000)), side("b", run(4_000)));
    const [, drawn = ""] = /<figure id="chart-figure-endToEndPerSecond">[\s\S]*?<svg([\s\S]*?)<\/svg>/.exec(page) ?? [];
    const marks = drawn.match(/<path /g)?.length ?? 0;
    expect(marks).toBeGreaterThan(200);
    expect(marks).toBeLessThan(260);
  });

  it("shows what somebody wrote into names, and does none of it", () => {
    const hostile = measure({
      runId: HOSTILE,
      startedAt: HOSTILE,
      machine: { ...evenReport().machine, cpuModel: HOSTILE },
      taskManagers: evenReport().taskManagers.map((tm, index) => ({
        ...tm,
        id: `${tm.id}${HOSTILE}`,
        latencyMs: { p50: index === 3 ? 500 : 5, p99: 9 },
      })),
    });
    const page = render(side(HOSTILE, hostile, measure()), side(HOSTILE, hostile));
    expect(page).not.toMatch(/<script|<img|<iframe| on\w+="/i);
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
  });
});
