/** The checks of a job of the user's own, beside those of the catalogue that apply to it. */
import type { CheckDefinition } from "./check-catalogue.ts";

const RE_READ = "the validator reads both topics again, committed records only, and shares no code with the job";

export const USER_JOB_CHECKS = {
  inputRead: {
    id: "input-read",
    title: "The job has read every partition up to its end offset",
    sources: ["offsets that Flink committed for the group", "end offsets told by the brokers at the validation"],
    independent: true,
    why: "Flink commits what a completed checkpoint holds, and the brokers know where the topic ends",
  },
  eachOnce: {
    id: "expect-once",
    title: "Each input is in the output exactly once",
    sources: ["identities of the re-read input", "identities of the re-read output"],
    independent: true,
    why: RE_READ,
  },
  mapping: {
    id: "expect-mapping",
    title: "Each output is what the expectation makes of its input",
    sources: ["the expectation's function of the re-read input", "keys and values of the re-read output"],
    independent: true,
    why: RE_READ,
  },
  totals: {
    id: "expect-totals",
    title: "The totals of each key are those of the input",
    sources: ["amounts of the re-read input, summed by key", "the newest total of each key in the re-read output"],
    independent: true,
    why: RE_READ,
  },
} as const satisfies Record<string, CheckDefinition>;
