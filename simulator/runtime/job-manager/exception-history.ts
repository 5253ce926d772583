/** What went wrong, newest first, for REST: lost TaskManagers and the failure of the job. Bounded. */
const EXCEPTIONS_MAX = 20;

export interface JobException {
  readonly name: string;
  readonly message: string;
  readonly atMs: number;
  /** Null: it is of the job as a whole. */
  readonly place: { readonly tm: string; readonly address: string } | null;
}

export class ExceptionHistory {
  #entries: JobException[] = [];
  #truncated = false;

  get entries(): readonly JobException[] {
    return this.#entries;
  }

  /** True when older ones were dropped. */
  get truncated(): boolean {
    return this.#truncated;
  }

  add(exception: JobException): void {
    this.#truncated ||= this.#entries.length >= EXCEPTIONS_MAX;
    this.#entries = [exception, ...this.#entries].slice(0, EXCEPTIONS_MAX);
  }
}
