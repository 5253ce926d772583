/**
 * The dashboard on a terminal. Events only change a value; one timer draws it, so that a busy run costs no more to
 * show than a quiet one.
 *
 * T1 One frame a second, as often as there is progress to show, and one at once for a key: the dashboard shares the
 *    machine with what it measures, and a frame takes 15 to 30 ms of CPU. While the host is idle and nothing changes, only
 *    the clock does, and that is drawn every five seconds.
 * T2 The terminal is restored on every way out: Ink does it on `close`, and by its exit hook on a signal, on
 *    process.exit and on an uncaught error.
 * T3 The terminal is the dashboard's only while it is the shell's foreground job (`terminal-job.ts`).
 * T4 The alternate screen takes its content away, so the summary is printed after it is gone.
 */
import { ReadStream } from "node:tty";
import { type Instance, render } from "ink";
import { applyEvent, EMPTY_SNAPSHOT, type Snapshot } from "../snapshot/snapshot.ts";
import { Dashboard } from "./dashboard.tsx";
import { formatSummary } from "./summary.ts";
import { startTerminalJob } from "./terminal-job.ts";
import type { Output, OutputOptions } from "./ui-mode.ts";

const FRAME_INTERVAL_MS = 1_000;
const CLOCK_INTERVAL_MS = 5_000;
/** Of frames for keys. */
const FRAMES_PER_SECOND_MAX = 2;

export interface TuiOutputOptions
  extends Pick<OutputOptions, "feed" | "stdout" | "stderr" | "stdin" | "nowUs" | "onStop"> {
  readonly write: (line: string) => void;
  readonly colors: boolean;
}

interface Shown {
  readonly instance: Instance;
  /** Of its own, since only closing it ends the reading for certain: a background job that reads is stopped. */
  readonly stdin: ReadStream;
  /** It draws nothing any more, and what it set in the terminal stays. */
  readonly isAbandoned: boolean;
}

export function startTuiOutput(options: TuiOutputOptions): Output {
  let snapshot: Snapshot = EMPTY_SNAPSHOT;
  let isStopping = false;
  const unsubscribe = options.feed.subscribe((event) => {
    snapshot = applyEvent(snapshot, event);
  });
  const onStop = () => {
    isStopping = true;
    draw();
    options.onStop();
  };
  const onSuspend = () => job.suspend();
  const view = () => (
    <Dashboard
      nowUs={options.nowUs()}
      colors={options.colors}
      snapshot={snapshot}
      isStopping={isStopping}
      onStop={onStop}
      onSuspend={onSuspend}
    />
  );
  /** Null while another job has the terminal. */
  let shown: Shown | null = null;
  let drawn = snapshot;
  let drawnAtMs = performance.now();
  const draw = () => {
    if (shown === null || shown.isAbandoned) return;
    drawn = snapshot;
    drawnAtMs = performance.now();
    shown.instance.rerender(view());
  };
  const job = startTerminalJob({
    show() {
      shown?.instance.unmount();
      const stdin = new ReadStream(options.stdin.fd);
      // A terminal that is closed cannot be read any more. What ends the run then is its SIGHUP, in order.
      stdin.on("error", () => undefined);
      const { stdout, stderr } = options;
      const instance = render(view(), {
        stdout,
        stderr,
        stdin,
        alternateScreen: true,
        exitOnCtrlC: false,
        incrementalRendering: true,
        // The mode was decided before: CI variables must not turn a wanted dashboard into silence.
        interactive: true,
        maxFps: FRAMES_PER_SECOND_MAX,
      });
      shown = { instance, stdin, isAbandoned: false };
    },
    hide() {
      shown?.instance.unmount();
      shown?.stdin.destroy();
      shown = null;
    },
    abandon() {
      if (shown === null) return;
      shown.stdin.destroy();
      shown = { ...shown, isAbandoned: true };
    },
  });
  const drawChanges = () => {
    const isResting = snapshot === drawn && snapshot.phase === "idle";
    if (!isResting || performance.now() - drawnAtMs >= CLOCK_INTERVAL_MS) draw();
  };
  const timer = setInterval(drawChanges, FRAME_INTERVAL_MS);
  return {
    async close() {
      clearInterval(timer);
      unsubscribe();
      job.end();
      shown?.instance.unmount();
      await shown?.instance.waitUntilExit();
      shown?.stdin.destroy();
      for (const line of formatSummary(snapshot)) options.write(line);
    },
  };
}
