/** What `report` is asked for. What contradicts itself is told all at once, before anything is read. */
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { HostChoice } from "../control/running-host.ts";
import { anyText, fileForm, oneOf, percentage } from "../option-values.ts";
import type { GivenOptions } from "../options.ts";
import { throwUsage } from "../usage.ts";
import { parseOptional, parseValue } from "./command-options.ts";

export interface ReportOptions extends HostChoice {
  readonly format: "text" | "json";
  /** Null: nothing is compared. */
  readonly comparison: ComparisonOptions | null;
  readonly isForced: boolean;
  readonly saveBaseline: string | null;
  readonly junit: string | null;
  /** Where the page goes; null: into the run's folder, or of a comparison into that of B's, if it is to be opened. */
  readonly html: string | null;
  readonly open: boolean;
}

export interface ComparisonOptions {
  /** Side A, and which option named it. */
  readonly option: "--compare" | "--baseline";
  readonly runs: string;
  /** Side B; null: the run that is chosen, or the newest. */
  readonly with: string | null;
  /** Null: nothing is judged. */
  readonly failAbovePercent: number | null;
}

type Asked = Omit<ReportOptions, keyof HostChoice>;

/** `other` stands behind the options: side B of a comparison. */
export function readReportOptions(given: GivenOptions, other: string | null): Asked {
  const compare = parseOptional("compare", given, anyText);
  const baseline = parseOptional("baseline", given, fileForm);
  const failAbovePercent = parseOptional("failAbove", given, percentage);
  const runs = compare ?? baseline;
  const option = compare === null ? "--baseline" : "--compare";
  const asked: Asked = {
    format: parseValue("format", given, oneOf(["text", "json"] as const)),
    comparison: runs === null ? null : { option, runs, with: other, failAbovePercent },
    isForced: given["force"] === true,
    saveBaseline: parseOptional("saveBaseline", given, fileForm),
    junit: parseOptional("junit", given, fileForm),
    html: parseOptional("html", given, fileForm),
    open: given["open"] === true,
  };
  const isCompared = asked.comparison !== null;
  const conflicts: readonly (readonly [isWrong: boolean, what: string, advice: string])[] = [
    [compare !== null && baseline !== null, "--compare and --baseline both name the runs to compare with", "give one"],
    [other !== null && compare === null, `"${other}" stands there without --compare`, "give --compare RUN_A RUN_B"],
    [other !== null && given["run"] !== undefined, `"${other}" and --run both name a run`, "give one"],
    [
      failAbovePercent !== null && !isCompared,
      "--fail-above has nothing to compare with",
      "add --compare or --baseline",
    ],
    [
      asked.isForced && !isCompared && asked.saveBaseline === null,
      "--force has nothing to compare",
      "add --compare, --baseline or --save-baseline",
    ],
    [asked.junit !== null && isCompared, "--junit is of one run, and not of a comparison", "ask for it by itself"],
  ];
  throwUsage(
    conflicts.flatMap(([isWrong, what, advice]) => (isWrong ? [createError("USAGE_CONFLICT", { what, advice })] : [])),
  );
  return asked;
}
