/** Lines of logs: whose they are, when they were written, which are wanted, how they look. Pure. */

export interface LogLine {
  readonly resource: string;
  /** Without the time that our own programs write before it. */
  readonly text: string;
  /** Its own time, or that of the line before it; null before the first time in a file. */
  readonly timeMs: number | null;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const ISO = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) /;
/** `[2026-11-22 18:24:24,123] INFO …`, as Kafka writes, in local time. */
const KAFKA = /^\[(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3})\]/;
/** `4711:M 22 Nov 2026 18:24:24.123 * …`, as Redis writes, in local time. */
const REDIS = /^\d+:[A-Z] (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d\.\d{3}) /;

/** `formerMs` is the time of the line before: a stack trace belongs to the line above it. */
export function readLogLine(resource: string, line: string, formerMs: number | null): LogLine {
  const iso = ISO.exec(line);
  if (iso !== null) return { resource, text: line.slice(iso[0].length), timeMs: Date.parse(iso[1] as string) };
  const timeMs = readForeignTime(line);
  return { resource, text: line, timeMs: timeMs === undefined || Number.isNaN(timeMs) ? formerMs : timeMs };
}

function readForeignTime(line: string): number | undefined {
  const kafka = KAFKA.exec(line);
  if (kafka !== null) return Date.parse(`${kafka[1]}T${kafka[2]}.${kafka[3]}`);
  const redis = REDIS.exec(line);
  if (redis === null) return undefined;
  const month = String(MONTHS.indexOf(redis[2] as string) + 1).padStart(2, "0");
  return Date.parse(`${redis[3]}-${month}-${redis[1]}T${redis[4]}`);
}

export interface LineStyle {
  /** Width of the names in front; 0 = none. */
  readonly nameWidth: number;
  readonly timestamps: boolean;
  /** Makes a name stand out among others; the text stays as it was written. */
  readonly paintName: (resource: string, text: string) => string;
}

export function formatLogLine(line: LogLine, { nameWidth, timestamps, paintName }: LineStyle): string {
  const name = nameWidth === 0 ? "" : `${paintName(line.resource, `${line.resource.padEnd(nameWidth)} |`)} `;
  const time = !timestamps || line.timeMs === null ? "" : `${new Date(line.timeMs).toISOString()} `;
  return `${name}${time}${line.text}`;
}

/** Told apart on a dark terminal and on a light one. */
const NAME_COLORS = [
  "cyan",
  "yellow",
  "green",
  "magenta",
  "blue",
  "cyanBright",
  "greenBright",
  "magentaBright",
] as const;
export type NameColor = (typeof NAME_COLORS)[number];

/** Of the first letter; one more for each that follows. With this one the servers differ, and neighbours of a group do. */
const WEIGHT = 5;

/** By the name alone, so that it is the same in every call and for as long as one follows. */
export function colorOf(resource: string): NameColor {
  const sum = [...resource].reduce((total, letter, index) => total + letter.charCodeAt(0) * (index + WEIGHT), 0);
  return NAME_COLORS[sum % NAME_COLORS.length] ?? NAME_COLORS[0];
}

/** One whose time is not known is shown: a program may print none at all, and a line too many is better than one missed. */
export const isSince = ({ timeMs }: LogLine, sinceMs: number | null): boolean =>
  sinceMs === null || timeMs === null || timeMs >= sinceMs;

/** Substring, whatever the case: a log is searched by somebody who does not know how it was written. */
export function createSearch(text: string | null): (line: string) => boolean {
  if (text === null) return () => true;
  const wanted = text.toLowerCase();
  return (line) => line.toLowerCase().includes(wanted);
}

/** Which of the logs are meant: all when none is named; a group's name means its members, `taskmanager-01` and on. */
export function selectLogs(
  logs: readonly string[],
  names: readonly string[],
): { readonly selected: string[]; readonly unknown: string[] } {
  const isMeant = (log: string, name: string) =>
    log === name || (log.startsWith(`${name}-`) && /^\d+$/.test(log.slice(name.length + 1)));
  return {
    selected: logs.filter((log) => names.length === 0 || names.some((name) => isMeant(log, name))).sort(),
    unknown: names.filter((name) => !logs.some((log) => isMeant(log, name))),
  };
}
