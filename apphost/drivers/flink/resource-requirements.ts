/**
 * How many subtasks Flink's adaptive scheduler may give each vertex of a job: what `/jobs/:id/resource-requirements`
 * answers and takes. Pure.
 *
 * R1 The lower bound is 1: with fewer slots than wanted the job goes on with those that are there.
 * R2 A vertex that was submitted with fewer subtasks than the job, as one that may be there only once, never gets more.
 */
import type { Fields } from "../../../simulator/common/foundation/json-fields.ts";

interface Bounds {
  readonly lowerBound: number;
  readonly upperBound: number;
}

/** By the id of the vertex. */
export type ResourceRequirements = Readonly<Record<string, { readonly parallelism: Bounds }>>;

export function readResourceRequirements(fields: Fields): ResourceRequirements {
  const ids = Object.keys(fields.as<object>());
  return Object.fromEntries(
    ids.map((id) => {
      const parallelism = fields.object(id).object("parallelism");
      const bounds = { lowerBound: parallelism.whole("lowerBound", 1), upperBound: parallelism.whole("upperBound", 1) };
      return [id, { parallelism: bounds }];
    }),
  );
}

/** `submitted`: what the job was submitted with, and the parallelism of it. */
export function requireParallelism(
  submitted: { readonly requirements: ResourceRequirements; readonly parallelism: number },
  parallelism: number,
): ResourceRequirements {
  return Object.fromEntries(
    Object.entries(submitted.requirements).map(([id, { parallelism: own }]) => {
      // R2.
      const isBounded = own.upperBound < submitted.parallelism;
      const upperBound = isBounded ? Math.min(own.upperBound, parallelism) : parallelism;
      return [id, { parallelism: { lowerBound: 1, upperBound } }];
    }),
  );
}

/** Of the same vertices, in any order. */
export const areSameRequirements = (a: ResourceRequirements, b: ResourceRequirements): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([id, { parallelism }]) => {
    const other = b[id]?.parallelism;
    return parallelism.lowerBound === other?.lowerBound && parallelism.upperBound === other.upperBound;
  });
