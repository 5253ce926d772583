/** Names for a person: a few, and how many more. Pure. */
const NAMES_SHOWN = 3;

/** `a, b, c and 17 more`. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).join(", ");
  return names.length <= NAMES_SHOWN ? shown : `${shown} and ${names.length - NAMES_SHOWN} more`;
}
