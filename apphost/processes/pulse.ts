/**
 * Whether our own programs still turn their event loops. One that was stopped (SIGSTOP), or is stuck in a call, does not
 * end by itself, and whoever needs it would wait for its own deadline, if not for ever.
 *
 *   heard → silent (pinged) → hung
 *
 * B1 Silence is counted in looks of ours, not in time: while we are paused, or the whole machine is, nobody looks, and so
 *    nobody is hung because we did not listen.
 * B2 Who used the CPU since it was pinged is busy with something long, or waits for its turn on a loaded machine: it has
 *    BUSY_FACTOR times as long. One that was stopped uses none.
 * B3 Only who said nothing since the look before is pinged, and once: a busy system is not asked at all, and an idle
 *    process every second look.
 */

/** Of a process: what it last said, and how to make it say something. */
export interface Pulse {
  /** By `performance.now()`: of its newest message; before the first, of its start. */
  heardAtMs(): number;
  ping(): void;
}

export interface PulsedProcess {
  readonly pid: number | null;
  readonly pulse: Pulse;
}

export interface PulseWatch {
  /** `onHung` is called once, if it comes to that. Returns what ends the watch. */
  watch(process: PulsedProcess, onHung: (silentMs: number) => void): () => void;
  /** Looks at all: the timer's business, and a test's. */
  look(): void;
  stop(): void;
}

export interface PulseWatchOptions {
  /** Default 20 s. */
  readonly hungAfterMs?: number | undefined;
  /** CPU time of a process in ms; undefined where it is not known. */
  readonly readCpuMs: (pid: number) => number | undefined;
}

/** Longer than any pause of a healthy process on two loaded cores, and short beside the 60 s that clients wait. */
const HUNG_AFTER_MS = 20_000;
const LOOKS_UNTIL_HUNG = 4;
const BUSY_FACTOR = 6;

interface Watched {
  readonly process: PulsedProcess;
  readonly onHung: (silentMs: number) => void;
  heardAtMs: number;
  silentLooks: number;
  cpuMsAtPing: number | undefined;
}

export function startPulseWatch({ hungAfterMs = HUNG_AFTER_MS, readCpuMs }: PulseWatchOptions): PulseWatch {
  const watched = new Set<Watched>();
  const readCpu = ({ process: { pid } }: Watched) => (pid === null ? undefined : readCpuMs(pid));
  const lookAt = (one: Watched): void => {
    const { pulse } = one.process;
    const heardAtMs = pulse.heardAtMs();
    if (heardAtMs !== one.heardAtMs) {
      one.heardAtMs = heardAtMs;
      one.silentLooks = 0;
      return;
    }
    one.silentLooks += 1;
    if (one.silentLooks === 1) {
      one.cpuMsAtPing = readCpu(one);
      pulse.ping();
    }
    if (one.silentLooks < LOOKS_UNTIL_HUNG) return;
    const isBusy = readCpu(one) !== one.cpuMsAtPing;
    if (isBusy && one.silentLooks < LOOKS_UNTIL_HUNG * BUSY_FACTOR) return;
    watched.delete(one);
    one.onHung(Math.round(performance.now() - heardAtMs));
  };
  const look = () => watched.forEach(lookAt);
  const timer = setInterval(look, hungAfterMs / LOOKS_UNTIL_HUNG);
  timer.unref();
  return {
    watch(process, onHung) {
      // The first look, which may come at once, hears that it was started.
      const one: Watched = { process, onHung, heardAtMs: Number.NaN, silentLooks: 0, cpuMsAtPing: undefined };
      watched.add(one);
      return () => void watched.delete(one);
    },
    look,
    stop: () => clearInterval(timer),
  };
}
