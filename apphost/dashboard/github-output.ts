/**
 * What GitHub Actions makes of plain output: its lines folded by phase, an annotation of each check that failed or is not
 * known, and a summary of the step. The form of its commands is that of GitHub's own toolkit (`@actions/core`).
 *
 * H1 A command begins a line of its own, and no other line can begin with one: plain lines begin with a time or a word of
 *    ours.
 * H2 Annotations come when the run is over, outside of every group, and are those of its newest report.
 * H3 What cannot be read or written here is told as a notice, and changes nothing in the run.
 */
import { appendFile, stat } from "node:fs/promises";
import type { HostEvent, RunPhase } from "../../simulator/common/contract/events.ts";
import { type Report, readReport } from "../../simulator/common/contract/files/report.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import type { EventFeed } from "../run/event-feed.ts";
import { describeVerdict, type VerdictEvent } from "../snapshot/event-text.ts";
import { formatStepSummary } from "./step-summary.ts";
import type { Output } from "./ui-mode.ts";

/** GitHub shows so many of each level for a step. */
const ANNOTATIONS_MAX = 10;
const TITLE = "flink-apphost";

export interface GithubOutputOptions {
  readonly feed: EventFeed;
  readonly write: (line: string) => void;
  /** The file of GITHUB_STEP_SUMMARY; undefined: there is none. */
  readonly summaryPath: string | undefined;
  /** Starts plain output on a feed that opens and closes groups around its lines. */
  readonly startPlain: (feed: EventFeed) => Output;
}

export const isGithubActions = (env: Readonly<Record<string, string | undefined>>): boolean =>
  env["GITHUB_ACTIONS"] === "true";

export function startGithubOutput({ feed, write, summaryPath, startPlain }: GithubOutputOptions): Output {
  let openPhase: RunPhase | null = null;
  let verdict: VerdictEvent | null = null;
  const closeGroup = () => {
    if (openPhase !== null) write("::endgroup::");
    openPhase = null;
  };
  const look = (event: HostEvent) => {
    if (event.type === "verdict") verdict = event;
    if (event.type !== "phase" || event.phase === openPhase) return;
    closeGroup();
    // Nothing comes after it but the summary, which nobody should have to unfold.
    if (event.phase === "ended") return;
    write(`::group::${escapeData(event.detail === "" ? event.phase : `${event.phase}: ${event.detail}`)}`);
    openPhase = event.phase;
  };
  const plain = startPlain({
    emit: (body) => feed.emit(body),
    subscribe: (listener) =>
      feed.subscribe((event) => {
        look(event);
        listener(event);
      }),
  });
  const notice = (text: string) => write(formatCommand("notice", TITLE, text));
  return {
    async close() {
      closeGroup();
      const report = await readNewestReport(verdict, notice);
      for (const line of listAnnotations(verdict, report)) write(line);
      await plain.close();
      if (summaryPath !== undefined && summaryPath !== "") {
        await appendSummary(summaryPath, formatStepSummary(verdict, report), notice);
      }
    },
  };
}

/** H3. Undefined when there is none. */
async function readNewestReport(
  verdict: VerdictEvent | null,
  notice: (text: string) => void,
): Promise<Report | undefined> {
  if (verdict === null || verdict.report === "") return undefined;
  try {
    return await readJson(verdict.report, readReport);
  } catch (error) {
    notice(`the checks are not annotated: ${describeError(error)}`);
    return undefined;
  }
}

/** What is wrong with the run, by check where a check found it. */
export function listAnnotations(verdict: VerdictEvent | null, report: Report | undefined): string[] {
  const checks = report?.checks ?? [];
  const lines = (["failed", "unknown"] as const).flatMap((status) => {
    const level = status === "failed" ? "error" : "warning";
    const found = checks.filter((check) => check.status === status);
    const shown = found.length > ANNOTATIONS_MAX ? found.slice(0, ANNOTATIONS_MAX - 1) : found;
    const more = found.length - shown.length;
    return [
      ...shown.map(({ id, title, reason, expected, actual }) =>
        formatCommand(level, `${title} (${id})`, `${reason}\nexpected: ${expected}\nactual: ${actual}`),
      ),
      ...(more > 0 ? [formatCommand(level, TITLE, `${more} more checks ${status}: see the report`)] : []),
    ];
  });
  if (lines.length > 0 || verdict?.verdict === "passed") return lines;
  if (verdict === null) return [formatCommand("error", TITLE, "the run ended without a verdict")];
  const { reasons } = verdict;
  return [formatCommand("error", TITLE, [describeVerdict(verdict), ...reasons].join("\n"))];
}

/** H3. */
async function appendSummary(path: string, text: string, notice: (text: string) => void): Promise<void> {
  try {
    // A pipe that nobody reads would hold up the end of the run.
    const isFile = await stat(path).then(
      (stats) => stats.isFile(),
      () => true,
    );
    if (!isFile) throw new Error(`${path} is not a file`);
    await appendFile(path, text);
  } catch (error) {
    notice(`the step summary (GITHUB_STEP_SUMMARY) could not be written: ${describeError(error)}`);
  }
}

type AnnotationLevel = "error" | "warning" | "notice";

const formatCommand = (level: AnnotationLevel, title: string, text: string): string =>
  `::${level} title=${escapeProperty(title)}::${escapeData(text)}`;

const escapeData = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");

const escapeProperty = (text: string): string => escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
