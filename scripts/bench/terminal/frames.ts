/** Frames of a dashboard, from how many bytes it had written when. */
export interface WrittenSample {
  readonly atUs: number;
  readonly bytes: number;
}

/** What is written with less than this in between is one frame: the terminal gets a large one in pieces. */
const SAME_FRAME_US = 100_000;

export const countFrames = (samples: readonly WrittenSample[], fromUs: number, toUs: number): number =>
  frameTimes(samples).filter((atUs) => atUs >= fromUs && atUs < toUs).length;

/** The longest time without a new frame. */
export function longestStillUs(samples: readonly WrittenSample[], fromUs: number, toUs: number): number {
  const within = frameTimes(samples).filter((atUs) => atUs >= fromUs && atUs < toUs);
  const edges = [fromUs, ...within, toUs];
  return Math.max(...edges.slice(1).map((atUs, index) => atUs - (edges[index] as number)));
}

/** When each began. */
function frameTimes(samples: readonly WrittenSample[]): number[] {
  const times: number[] = [];
  let writtenAtUs = Number.NEGATIVE_INFINITY;
  for (const [index, { atUs, bytes }] of samples.entries()) {
    if (bytes === (samples[index - 1]?.bytes ?? 0)) continue;
    if (atUs - writtenAtUs > SAME_FRAME_US) times.push(atUs);
    writtenAtUs = atUs;
  }
  return times;
}
