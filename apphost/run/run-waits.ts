/**
 * What the host waits for, told in the run's events while nothing else is.
 *
 * W1 Only a run that is silent tells of its waits: while something changes, that is the news. Completed checkpoints, and
 *    what processes use, are no news to anybody who waits, and one wait does not silence another.
 */
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { tellLongWait, type WaitWords } from "../../simulator/common/foundation/long-wait.ts";
import type { EventFeed } from "./event-feed.ts";

const SILENT_MS = 1_500;

/** Gives the outcome of the work. */
export type TellWait = <T>(words: WaitWords, work: Promise<T>) => Promise<T>;

export function createRunWaits(feed: EventFeed): TellWait {
  let newsAtMs = performance.now();
  feed.subscribe((event) => {
    if (isNews(event)) newsAtMs = performance.now();
  });
  return (words, work) =>
    tellLongWait(work, words, ({ what, waitedMs, deadlineMs }) => {
      const isSilent = performance.now() - newsAtMs >= SILENT_MS;
      if (isSilent) feed.emit({ type: "waiting", for: what, waitedMs, deadlineMs });
    });
}

const isNews = ({ type }: HostEvent): boolean => type !== "waiting" && type !== "checkpoint" && type !== "usage";
