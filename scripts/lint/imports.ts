/** Holds imports against the floors of `floors.ts`. Pure, but for the parser. */

import { isBuiltin } from "node:module";
import { dirname, join } from "node:path/posix";
import { parseAst } from "rolldown/parseAst";
import { FILES_PER_FOLDER_MAX, type Floor, VERBS_FOLDER } from "./floors.ts";

export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Everything that this file imports, by `import`, `export from`, `import()` or a type; as it is written there. */
export function listImports({ path, text }: SourceFile): string[] {
  const lang = path.endsWith(".tsx") ? "tsx" : "ts";
  const specifiers = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { source, type } = value as { source?: { type?: string; value?: unknown } | null; type?: string };
    const imports = type !== undefined && IMPORTING.has(type);
    if (imports && typeof source?.value === "string") specifiers.add(source.value);
    for (const child of Object.values(value)) visit(child);
  };
  visit(parseAst(text, { lang }, path).body);
  return [...specifiers];
}

const IMPORTING = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
]);

/** One line a problem; none when all is as the table says. Only tests may stand on no floor. */
export function findImportProblems(files: readonly SourceFile[], floors: readonly Floor[]): string[] {
  return [
    ...findTableProblems(floors),
    ...files.flatMap((file) => findFileProblems(file, floors)),
    ...findFullFolders(files),
  ];
}

/** F2: a row that named one below it would allow a circle. */
function findTableProblems(floors: readonly Floor[]): string[] {
  return floors.flatMap(({ name, on }, index) => {
    const above = new Set(floors.slice(0, index).map((floor) => floor.name));
    return on
      .filter((other) => !above.has(other))
      .map((other) => `floor "${name}" stands on "${other}", which is not above it`);
  });
}

function findFileProblems(file: SourceFile, floors: readonly Floor[]): string[] {
  const own = floorOf(file.path, floors);
  if (own === undefined) return file.path.startsWith("test/") ? [] : [`${file.path} stands on no floor`];
  return listImports(file).flatMap((specifier) => {
    const isOurs = specifier.startsWith(".");
    if (!isOurs) {
      const name = packageOf(specifier);
      return isBuiltin(specifier) || own.packages.includes(name)
        ? []
        : [`${file.path} imports ${name}, which "${own.name}" does not name`];
    }
    const target = join(dirname(file.path), specifier);
    const other = floorOf(target, floors);
    if (other !== undefined && (other.name === own.name || own.on.includes(other.name))) return [];
    return [`${file.path} imports ${target}: "${own.name}" does not stand on "${other?.name ?? "no floor"}"`];
  });
}

/** The row that names most of the path. */
function floorOf(path: string, floors: readonly Floor[]): Floor | undefined {
  let best: Floor | undefined;
  let bestLength = 0;
  for (const floor of floors) {
    for (const place of floor.files) {
      const isIn = place.endsWith("/") ? path.startsWith(place) : path === place;
      if (isIn && place.length > bestLength) [best, bestLength] = [floor, place.length];
    }
  }
  return best;
}

const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

/** F4. */
function findFullFolders(files: readonly SourceFile[]): string[] {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const folder = `${dirname(path)}/`;
    if (path.startsWith("apphost/") && folder !== VERBS_FOLDER) {
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
  }
  return [...counts]
    .filter(([, count]) => count > FILES_PER_FOLDER_MAX)
    .map(([folder, count]) => `${folder} has ${count} files: at most ${FILES_PER_FOLDER_MAX}`);
}
