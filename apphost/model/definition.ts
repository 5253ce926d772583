/** What a user's file exports: a function that declares the application, and a mark that says so. Inert. */
import type { AppBuilder } from "./capabilities.ts";

/** A file may have been given another copy of this package than the one that runs it, so the mark is the same in all. */
const MARK = Symbol.for("flink-apphost.definition");

export interface AppHostDefinition {
  readonly [MARK]: true;
  readonly declare: (app: AppBuilder) => void;
}

/** Declares an application. The function says what there is; nothing is started, and it must not be asynchronous. */
export const defineAppHost = (declare: (app: AppBuilder) => void): AppHostDefinition => ({ [MARK]: true, declare });

export const isAppHostDefinition = (value: unknown): value is AppHostDefinition =>
  typeof value === "object" && value !== null && (value as Partial<AppHostDefinition>)[MARK] === true;
