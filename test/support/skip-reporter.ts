/** Prints at the end of a run which suites were skipped, and why: a pass that left something out must say so. */
import type { Reporter, TestModule } from "vitest/node";

/** What the title of a skipped suite contains, before the reason. */
export const SKIP_MARK = "(skipped: ";

export class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = new Map<string, number>();
    for (const module of modules) {
      for (const test of module.children.allTests("skipped")) {
        const name = test.fullName;
        const start = name.indexOf(SKIP_MARK);
        const title = start < 0 ? name : name.slice(0, name.indexOf(")", start) + 1);
        const line = `${module.relativeModuleId}: ${title}`;
        lines.set(line, (lines.get(line) ?? 0) + 1);
      }
    }
    if (lines.size === 0) return;
    process.stdout.write("\nNot run here:\n");
    for (const [line, tests] of lines) process.stdout.write(`  ${line}: ${tests} test${tests === 1 ? "" : "s"}\n`);
  }
}
