/**
 * The logs of a run's resources as log records: each line of `logs/` as it is written, under its resource's name.
 *
 * L1 At most UNSENT_LINES_MAX lines wait for their export. Lines that are read while so many wait are dropped and counted:
 *    a log is never held up, and it is whole in its file.
 * L2 `finishReading` reads what stands in the files by then.
 * L3 What the host itself has to say, it says in notices: they are the host's log.
 */
import { stripVTControlCharacters } from "node:util";
import { type Logger, type LogRecord, SeverityNumber } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from "@opentelemetry/sdk-logs";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { type LineReader, listLogs, openLines } from "../logs/log-files.ts";
import { type LogLine, readLogLine } from "../logs/log-lines.ts";

const UNSENT_LINES_MAX = 8_192;
const READ_INTERVAL_MS = 250;
/** Of one file in one turn, so that a loud one leaves the others their part of the queue. */
const LINES_PER_TURN_MAX = 2_000;
const EXPORT_DELAY_MS = 1_000;
/** A longer line is cut: collectors refuse requests of some megabytes as a whole. */
const LINE_LENGTH_MAX = 16_384;

interface OpenLog {
  readonly resource: string;
  readonly reader: LineReader;
  readonly logger: Logger;
  timeMs: number | null;
}

export class ResourceLogs {
  readonly #options: ResourceLogsOptions;
  readonly #processor: BatchLogRecordProcessor;
  readonly #hostLogger: Logger;
  readonly #logs = new Map<string, OpenLog>();
  #unsent = 0;
  #dropped = 0;
  #isClosing = false;
  readonly #reading: Promise<void>;

  constructor(options: ResourceLogsOptions) {
    this.#options = options;
    this.#processor = new BatchLogRecordProcessor({
      exporter: options.exporter,
      scheduledDelayMillis: EXPORT_DELAY_MS,
      maxQueueSize: UNSENT_LINES_MAX,
    });
    this.#hostLogger = this.#createLogger(options.hostResource);
    this.#reading = this.#readOn();
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Of each end of an export, whether it succeeded or not. */
  noteExported(lines: number): void {
    this.#unsent -= lines;
  }

  /** L3. */
  takeNotice({ atUs, level, resource, text }: Extract<HostEvent, { type: "notice" }>): void {
    this.#emit(this.#hostLogger, {
      timestamp: atUs / 1_000,
      ...describeSeverity({ text: level }),
      body: `${resource}: ${text}`,
    });
  }

  /** L2. */
  finishReading(): Promise<void> {
    this.#isClosing = true;
    return this.#reading;
  }

  /** Exports what waits for it. */
  close(): Promise<void> {
    return this.#processor.shutdown();
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const isLast = this.#isClosing;
      const lines = await this.#readTurn();
      if (isLast && lines < LINES_PER_TURN_MAX) break;
      // A file that had more than its part is not waited for.
      if (lines < LINES_PER_TURN_MAX) await new Promise((resolve) => setTimeout(resolve, READ_INTERVAL_MS));
    }
    await Promise.all([...this.#logs.values()].map(({ reader }) => reader.close()));
  }

  /** The most lines of one file. */
  async #readTurn(): Promise<number> {
    let most = 0;
    for (const resource of listLogs(this.#options.runDir)) {
      const log = this.#logs.get(resource) ?? (await this.#open(resource));
      let lines = 0;
      for (; lines < LINES_PER_TURN_MAX; lines += 1) {
        const line = await log.reader.read();
        if (line === undefined) break;
        this.#send(log, line);
      }
      most = Math.max(most, lines);
    }
    return most;
  }

  async #open(resource: string): Promise<OpenLog> {
    const { runDir, resourceOf } = this.#options;
    const logger = this.#createLogger(resourceOf(resource));
    const log = { resource, logger, reader: await openLines(runFolder.log(runDir, resource)), timeMs: null };
    this.#logs.set(resource, log);
    return log;
  }

  #createLogger(resource: Resource): Logger {
    const provider = new LoggerProvider({ resource, processors: [this.#processor] });
    return provider.getLogger("flink-apphost", this.#options.version);
  }

  #send(log: OpenLog, text: string): void {
    const line = readLogLine(log.resource, text, log.timeMs);
    log.timeMs = line.timeMs;
    this.#emit(log.logger, {
      ...(line.timeMs === null ? {} : { timestamp: line.timeMs }),
      ...describeSeverity(line),
      body: stripVTControlCharacters(line.text).slice(0, LINE_LENGTH_MAX),
    });
  }

  /** L1. */
  #emit(logger: Logger, record: LogRecord): void {
    if (this.#unsent >= UNSENT_LINES_MAX) {
      this.#dropped += 1;
      return;
    }
    this.#unsent += 1;
    logger.emit(record);
  }
}

export interface ResourceLogsOptions {
  readonly runDir: string;
  readonly version: string;
  readonly exporter: LogRecordExporter;
  readonly hostResource: Resource;
  readonly resourceOf: (name: string) => Resource;
}

const SEVERITIES: Readonly<Record<string, SeverityNumber>> = {
  DEBUG: SeverityNumber.DEBUG,
  INFO: SeverityNumber.INFO,
  WARN: SeverityNumber.WARN,
  WARNING: SeverityNumber.WARN,
  ERROR: SeverityNumber.ERROR,
  FATAL: SeverityNumber.FATAL,
};

/** Our own programs and log4j write the level as the first word behind the time. Redis and others write none. */
export function describeSeverity({ text }: Pick<LogLine, "text">): {
  severityNumber?: SeverityNumber;
  severityText?: string;
} {
  const word = /^(?:\[[^\]]*\] )?([A-Za-z]+)\b/.exec(text)?.[1]?.toUpperCase() ?? "";
  const severityNumber = SEVERITIES[word];
  return severityNumber === undefined ? {} : { severityNumber, severityText: word };
}
