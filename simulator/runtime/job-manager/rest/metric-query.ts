/**
 * Flink's metric queries. Without `get` the answer is the list of names; with it the values of those that exist, as text
 * for one process or subtask, as numbers by `agg` for several. Pure.
 */

import { RestError } from "../../../common/rest/http-server.ts";
import { AGGREGATIONS, type Aggregation, aggregate } from "./aggregates.ts";

/** By Flink's name. A text is one that is no number, such as a path. */
export type MetricValues = ReadonlyMap<string, number | string>;

export function answerMetrics(values: MetricValues, query: URLSearchParams): object[] {
  const wanted = readNames(query, "get");
  if (wanted === null) return [...values.keys()].map((id) => ({ id }));
  return wanted.flatMap((id) => {
    const value = values.get(id);
    return value === undefined ? [] : [{ id, value: String(value) }];
  });
}

export function answerAggregatedMetrics(sources: readonly MetricValues[], query: URLSearchParams): object[] {
  const wanted = readNames(query, "get");
  if (wanted === null) return [...new Set(sources.flatMap((values) => [...values.keys()]))].map((id) => ({ id }));
  const kinds = readAggregations(query);
  return wanted.flatMap((id) => {
    const values = sources.flatMap((source) => {
      const value = source.get(id);
      return typeof value === "number" ? [value] : [];
    });
    if (values.length === 0) return [];
    return [{ id, ...Object.fromEntries(kinds.map((kind) => [kind, aggregate(values, kind)])) }];
  });
}

/** Those whose name is in `parameter`, which may be absent: then it is all of them. */
export function selectNamed<T>(all: readonly T[], nameOf: (one: T) => string, chosen: string | null): readonly T[] {
  if (chosen === null) return all;
  const names = chosen.split(",");
  return all.filter((one) => names.includes(nameOf(one)));
}

function readAggregations(query: URLSearchParams): readonly Aggregation[] {
  const names = readNames(query, "agg");
  if (names === null) return AGGREGATIONS;
  return names.map((name) => {
    const kind = AGGREGATIONS.find((known) => known === name);
    if (kind !== undefined) return kind;
    throw new RestError(400, `Bad request: agg is "${name}": expected some of ${AGGREGATIONS.join(", ")}.`);
  });
}

function readNames(query: URLSearchParams, parameter: string): string[] | null {
  const text = query.get(parameter);
  return text === null ? null : text.split(",").filter((name) => name !== "");
}
