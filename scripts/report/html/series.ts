/**
 * A series of any length in little memory. Pure.
 *
 * S1 Time is divided into equal spans, of which there are at most SPANS_MAX; when there would be more, each two become
 *    one. So a run of an hour is drawn as evenly as one of a minute.
 * S2 Of each span its lowest and its highest point are kept, with their times: no extreme is ever lost.
 */

/** Seconds since the host's start, and the value; null: nothing is known from here to the next point. */
export type Point = readonly [seconds: number, value: number | null];

interface Span {
  readonly index: number;
  readonly low: KnownPoint;
  readonly high: KnownPoint;
}

type KnownPoint = readonly [seconds: number, value: number];

export const SPANS_MAX = 300;
const FIRST_SPAN_SECONDS = 1 / 1_024;

export class Series {
  #spanSeconds = FIRST_SPAN_SECONDS;
  #spans: Span[] = [];
  #newest: KnownPoint | null = null;
  #sum = 0;
  #count = 0;

  /** In the order of time; what comes out of order counts for the newest span. */
  add(seconds: number, value: number): void {
    const point: KnownPoint = [seconds, value];
    this.#newest = point;
    this.#sum += value;
    this.#count += 1;
    const last = this.#spans.at(-1);
    const index = Math.max(Math.floor(seconds / this.#spanSeconds), last?.index ?? 0);
    if (last?.index === index) this.#spans[this.#spans.length - 1] = join(last, { index, low: point, high: point });
    else this.#spans.push({ index, low: point, high: point });
    while (this.#spans.length > SPANS_MAX) this.#halve();
  }

  /** As `add`, of something that is told only when it changes: what was last told held until now. */
  addChange(seconds: number, value: number, intervalSeconds: number): void {
    const before = this.#newest;
    if (before !== null && seconds - before[0] > 2 * intervalSeconds) this.add(seconds - intervalSeconds, before[1]);
    this.add(seconds, value);
  }

  get isEmpty(): boolean {
    return this.#spans.length === 0;
  }

  get max(): number {
    return this.#spans.reduce((max, { high }) => Math.max(max, high[1]), Number.NEGATIVE_INFINITY);
  }

  get min(): number {
    return this.#spans.reduce((min, { low }) => Math.min(min, low[1]), Number.POSITIVE_INFINITY);
  }

  /** Of all that was told. */
  get mean(): number {
    return this.#count === 0 ? Number.NaN : this.#sum / this.#count;
  }

  /** At most `pointsMax`, but for gaps: the line is broken where nothing was told for longer than `gapSeconds`. */
  points(pointsMax: number, gapSeconds = Number.POSITIVE_INFINITY): Point[] {
    let spans = this.#spans;
    let spanSeconds = this.#spanSeconds;
    while (2 * spans.length > pointsMax && spans.length > 1) {
      spans = joinPairs(spans);
      spanSeconds *= 2;
    }
    const points: Point[] = [];
    let before: KnownPoint | null = null;
    for (const point of spans.flatMap(pointsOf)) {
      if (before !== null && point[0] - before[0] > Math.max(gapSeconds, 2 * spanSeconds))
        points.push([before[0], null]);
      points.push(point);
      before = point;
    }
    return points;
  }

  /** The lowest and highest value from one time to before another; null where there is none. */
  range(fromSeconds: number, toSeconds: number): readonly [low: number, high: number] | null {
    const within = this.#spans.flatMap(pointsOf).filter(([at]) => at >= fromSeconds && at < toSeconds);
    if (within.length === 0) return null;
    const values = within.map(([, value]) => value);
    return [Math.min(...values), Math.max(...values)];
  }

  #halve(): void {
    this.#spans = joinPairs(this.#spans);
    this.#spanSeconds *= 2;
  }
}

function joinPairs(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const index = Math.floor(span.index / 2);
    const last = joined.at(-1);
    if (last?.index === index) joined[joined.length - 1] = join(last, { ...span, index });
    else joined.push({ ...span, index });
  }
  return joined;
}

const join = (a: Span, b: Span): Span => ({
  index: b.index,
  low: b.low[1] < a.low[1] ? b.low : a.low,
  high: b.high[1] > a.high[1] ? b.high : a.high,
});

function pointsOf({ low, high }: Span): readonly KnownPoint[] {
  if (low === high) return [low];
  return low[0] <= high[0] ? [low, high] : [high, low];
}
