/** The package has no types. */
declare module "parse-prometheus-text-format" {
  export interface ParsedFamily {
    readonly name: string;
    readonly help: string;
    readonly type: "GAUGE" | "COUNTER" | "UNTYPED" | "HISTOGRAM" | "SUMMARY";
    readonly metrics: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: string }[];
  }
  // biome-ignore lint/style/noDefaultExport: it is what the package exports.
  export default function parse(text: string): readonly ParsedFamily[];
}
