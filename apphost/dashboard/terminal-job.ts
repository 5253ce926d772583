/**
 * The dashboard's place among the jobs of a shell.
 *
 *   shown    it has the terminal
 *   hidden   the terminal is the shell's: nothing is written to it, read from it, or set in it
 *   lent     a program that was started here has it, as a pager
 *
 * J1 Only the foreground job has the terminal. The system stops a background job that reads the terminal or sets its modes
 *    (SIGTTIN, SIGTTOU), and what it writes stands in the lines of the shell.
 * J2 Before the process stops (Ctrl+Z, SIGTSTP) the terminal is given back. In the foreground again, all of it is taken
 *    and drawn anew.
 * J3 A shell sends SIGCONT to a job that was stopped, and no signal to one that ran in the background: while hidden, the
 *    job looks twice a second whether it is in the foreground.
 * J4 SIGSTOP cannot be caught, so the terminal was not given back by then. In the foreground it is taken anew; in the
 *    background nothing can be set in it any more, and it is left as the shell has it.
 * J5 A signal that was caught, and whose listener is replaced before its turn comes, is lost. So the listener of SIGTSTP
 *    is taken away only to stop, which the system then does, and put back only where it is missing.
 * J6 SIGSTOP may come right behind SIGTSTP, and stop the process before it hears of that. By then `fg` has been typed, and
 *    to stop once more would take the terminal away again: a SIGCONT that has come meanwhile ends the stop.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { ReadStream } from "node:tty";

const LOOK_INTERVAL_MS = 500;
/** From the end of a SIGSTOP until the SIGCONT is heard (J6): another thread may have taken it, and wait for a core. */
const CONTINUED_MS_MAX = 25;

export interface JobActions {
  /** Takes the terminal, and draws everything. */
  show(): void;
  /** Gives it back. */
  hide(): void;
  /** Leaves it as it is (J4). */
  abandon(): void;
}

export interface TerminalJob {
  /** Takes the terminal now if the process is in the foreground, else as soon as it is. */
  start(): void;
  /** Gives the terminal to a program until `work` settles, and takes it back then. */
  lend(work: () => Promise<void>): Promise<void>;
  /** What Ctrl+Z means: in raw mode the terminal does not send the signal. */
  suspend(): void;
  /** Whether it is shown, hidden or lent, it stays as it is. */
  end(): void;
}

export function createTerminalJob(actions: JobActions, isForeground = readIsForeground): TerminalJob {
  let isShown = false;
  let isLent = false;
  let isEnded = false;
  /** It is asked for, and not done yet (J6). */
  let isStopping = false;
  const look = () => {
    if (isShown || isLent || isEnded || isStopping || !isForeground()) return;
    isShown = true;
    // J5.
    if (!process.listeners("SIGTSTP").includes(onStop)) process.on("SIGTSTP", onStop);
    actions.show();
  };
  const onStop = () => {
    if (isShown) actions.hide();
    isShown = false;
    isStopping = true;
    const stop = () => {
      if (!isStopping) return;
      isStopping = false;
      stopAsDefault(onStop);
    };
    // In two steps: a timer that a SIGSTOP came upon is due before the SIGCONT after it is heard.
    setTimeout(() => setTimeout(stop, CONTINUED_MS_MAX), CONTINUED_MS_MAX);
  };
  const onContinue = () => {
    isStopping = false;
    if (isShown && isForeground()) actions.hide();
    else if (isShown) actions.abandon();
    isShown = false;
    look();
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    start() {
      process.on("SIGTSTP", onStop).on("SIGCONT", onContinue);
      timer = setInterval(look, LOOK_INTERVAL_MS).unref();
      look();
    },
    async lend(work) {
      if (isLent) return;
      if (isShown) actions.hide();
      isShown = false;
      isLent = true;
      try {
        await work();
      } finally {
        isLent = false;
        look();
      }
    },
    // The whole job: a program that waits for this one (npx) must stop with it, or the shell goes on waiting, too.
    suspend: () => void process.kill(0, "SIGTSTP"),
    end() {
      isEnded = true;
      clearInterval(timer);
      process.off("SIGTSTP", onStop).off("SIGCONT", onContinue);
    },
  };
}

/** Leaves the alternate screen, shows the cursor, pastes without brackets. */
const RESTORING = "\u001b[?1049l\u001b[?25h\u001b[?2004l";

/** What Ink does when it ends, for when it failed. It draws nothing more then, at a new size above all. */
export function restoreTerminal(stdout: NodeJS.WriteStream, stdin?: ReadStream): void {
  stdout.removeAllListeners("resize");
  stdin?.setRawMode(false);
  stdout.write(RESTORING);
}

/** Where no shell could continue it, the system does not stop it, and `look` shows it again. */
function stopAsDefault(onStop: () => void): void {
  process.off("SIGTSTP", onStop);
  process.kill(process.pid, "SIGTSTP");
}

/** True also where there is no shell whose job it could be. */
function readIsForeground(): boolean {
  const [group = 0, foreground = 0] = process.platform === "linux" ? readGroupsFromProc() : readGroupsFromPs();
  return foreground <= 0 || foreground === group;
}

/** `pid (name) state ppid group session terminal foreground …`. */
function readGroupsFromProc(): number[] {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return [Number(fields[2]), Number(fields[5])];
}

function readGroupsFromPs(): number[] {
  const text = execFileSync("ps", ["-o", "pgid=,tpgid=", "-p", String(process.pid)], { encoding: "utf8" });
  return text.trim().split(/\s+/).map(Number);
}
