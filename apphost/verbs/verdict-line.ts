import type { HostEventBody } from "../../simulator/common/contract/events.ts";

/** A verdict in one line, for a terminal that only waited for it. Pure. */
export function formatVerdictLine(verdict: HostEventBody & { type: "verdict" }): string {
  const { processed, lost, duplicated, checks, reasons } = verdict;
  const count = (value: number | null) => (value === null ? "?" : value.toLocaleString("en-US"));
  const counts = `processed ${count(processed)}, lost ${count(lost)}, duplicated ${count(duplicated)}`;
  const passed = `${checks.passed} checks passed, ${checks.failed} failed`;
  const why = reasons.length === 0 ? "" : `: ${reasons[0] ?? ""}`;
  return `${verdict.verdict.toUpperCase()} (exit ${verdict.exitCode}) ${counts}; ${passed}${why}`;
}
