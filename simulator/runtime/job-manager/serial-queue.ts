/**
 * Runs tasks one after the other. All calls of a job that change the store go through one queue, so that a checkpoint
 * never reads between a RECOVER's parts, and a stop never overtakes a start.
 */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #length = 0;

  /** Tasks that run or wait. */
  get length(): number {
    return this.#length;
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    this.#length += 1;
    const outcome = this.#tail.then(task).finally(() => {
      this.#length -= 1;
    });
    // The next task runs whatever became of this one; its caller gets the error.
    this.#tail = outcome.catch(() => undefined);
    return outcome;
  }
}
