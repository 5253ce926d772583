/**
 * How a program takes what it uses of Node. An `import` of a built-in module makes Node look at all of its exports, used or
 * not, and some are loaded by being looked at: `node:http` brings the whole of `fetch` and WebSocket with it, 50 ms of CPU.
 * `process.getBuiltinModule` gives the same module and looks at nothing. Pure.
 */

/** As Rolldown writes them: one a line, each name once. */
const NAMED_IMPORT = /^import \{ ([^{}]+) \} from "(node:[\w/]+)";$/gm;

/** What is imported in another form (a default, a namespace) stays as it is. */
export const takeBuiltinsDirectly = (code: string): string =>
  code.replace(NAMED_IMPORT, (line: string, names: string, module: string) => {
    const bindings = names.split(", ").map((name) => name.replace(" as ", ": "));
    if (bindings.some((binding) => /^default\b/.test(binding))) return line;
    return `const { ${bindings.join(", ")} } = process.getBuiltinModule("${module}");`;
  });
