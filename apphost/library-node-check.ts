/**
 * Imported before all else by `index.ts`: on a Node that is too old, the packages behind the library would fail first, with
 * words that help nobody. The command line (`main.ts`) prints the same reason instead.
 */
import { describeOldNode } from "./node-version.ts";

const reason = describeOldNode();
if (reason !== undefined) throw new Error(reason);
