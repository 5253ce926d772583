/** A state store whose answers a test gives one by one, in any order. */
import type {
  AcquireAnswer,
  AcquireArguments,
  ApplyAnswer,
  ApplyArguments,
} from "../../simulator/common/contract/state/redis-scripts.ts";

interface Call<A, R> {
  readonly a: A;
  readonly answer: (answer: R) => void;
  readonly fail: (error: Error) => void;
}

export class ScriptedStore {
  /** Calls that have no answer yet, oldest first. */
  readonly acquires: Call<AcquireArguments, AcquireAnswer>[] = [];
  readonly applies: Call<ApplyArguments, ApplyAnswer>[] = [];

  acquire(a: AcquireArguments): Promise<AcquireAnswer> {
    return new Promise((answer, fail) => this.acquires.push({ a, answer, fail }));
  }

  apply(a: ApplyArguments): Promise<ApplyAnswer> {
    return new Promise((answer, fail) => this.applies.push({ a, answer, fail }));
  }

  /** Answers the oldest APPLY and lets its consequences happen. */
  async answerApply(answer: ApplyAnswer): Promise<ApplyArguments> {
    const call = this.applies.shift();
    if (call === undefined) throw new Error("no APPLY waits for an answer");
    call.answer(answer);
    await settled();
    return call.a;
  }

  async answerAcquire(answer: AcquireAnswer): Promise<AcquireArguments> {
    const call = this.acquires.shift();
    if (call === undefined) throw new Error("no ACQUIRE waits for an answer");
    call.answer(answer);
    await settled();
    return call.a;
  }
}

/** Lets all promise reactions run that are ready now. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
