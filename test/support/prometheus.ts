/** Reads what a /metrics says with a parser of the text format that is not ours, and finds samples in it. */
import parse, { type ParsedFamily } from "parse-prometheus-text-format";

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface Scrape {
  readonly status: number;
  readonly contentType: string | null;
  readonly text: string;
  readonly families: readonly ParsedFamily[];
  /** The samples of a metric with at least these labels. */
  samples(name: string, labels?: Labels): readonly Sample[];
  sum(name: string, labels?: Labels): number;
}

export async function scrape(url: string): Promise<Scrape> {
  const response = await fetch(`${url}/metrics`);
  const text = await response.text();
  const families = parse(text);
  const samples = (name: string, wanted: Labels = {}): Sample[] =>
    (families.find((family) => family.name === name)?.metrics ?? [])
      .map(({ labels = {}, value }) => ({ labels, value: Number(value) }))
      .filter(({ labels }) => Object.entries(wanted).every(([key, value]) => labels[key] === value));
  return {
    status: response.status,
    contentType: response.headers.get("content-type"),
    text,
    families,
    samples,
    sum: (name, labels) => samples(name, labels).reduce((sum, { value }) => sum + value, 0),
  };
}
