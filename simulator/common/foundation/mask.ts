/**
 * Keeps secrets out of what is shown: errors, logs, reports, tables. Pure.
 *
 * M1 An address is shown only as far as it surely holds no secret. One that is refused has another form than it should,
 *    and where its password begins and ends is then a guess: so what cannot be told apart goes as a whole.
 * M2 In the text of somebody else (an error, a reply), what stands before the @ of an address goes.
 */
export const MASK = "***";

const ADDRESS = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is;
/** `host`, `host:port`, `host:port/db` at the begin of a text. */
const PLACE = /^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?(\/\d{0,4})?/i;
/** Without a scheme a word may be anything, a password above all; these are places. */
const SURE_PLACE = /^(localhost|[\w-]+(\.[\w-]+)+|\[[0-9a-f:.]+\]):\d{1,5}$/i;

/** A path: this form has no room for a user or a password. */
const SOCKET = /^unix:\/\/\//i;

/** M1: of a text that was given as an address, whatever it is. The user's name stays where a password is beside it. */
export function maskAddress(typed: string): string {
  if (SOCKET.test(typed)) return typed;
  const [, scheme = "", rest = ""] = ADDRESS.exec(typed) ?? [];
  const at = rest.lastIndexOf("@");
  if (at < 0) {
    const isPlace = scheme === "" ? SURE_PLACE.test(rest) : PLACE.exec(rest)?.[0] === rest;
    return isPlace ? typed : `${scheme}${MASK}`;
  }
  const credentials = rest.slice(0, at);
  const tail = rest.slice(at + 1);
  const place = PLACE.exec(tail)?.[0];
  // With one of these before it, the @ may be a sign of the password as well as its end.
  if (place === undefined || /[/?#\s]/.test(credentials)) return `${scheme}${MASK}`;
  const user = /^([^:]+):./s.exec(credentials)?.[1];
  const shown = credentials.includes(":") ? `${user ?? ""}:${MASK}` : MASK;
  return `${scheme}${shown}@${place}${place === tail ? "" : MASK}`;
}

/** `password=`, as connection strings have it; what stands behind may go on as it likes. */
const SECRET_FIELD = /([\w.-]*(?:password|passwd|pwd|secret|token|key)[\w.-]*\s*=).*/is;

/** What a user typed where something else was expected: people mistake one option for the other. */
export const maskTyped = (typed: string): string =>
  /:\/\/|:.*@/s.test(typed) ? maskAddress(typed) : typed.replace(SECRET_FIELD, `$1${MASK}`);

/** M2. Of a Redis everything up to the last @ of the word; of others what is surely a name and a password. */
export const maskAddresses = (text: string): string =>
  text
    .replace(/\b(rediss?:\/\/)(\S*)@/gi, maskCredentials)
    .replace(/\b((?!rediss?:)[a-z][a-z0-9+.-]*:\/\/)([^\s/?#"'<>]*)@/gi, maskCredentials);

/** As our own sentences have it: masked by then, or as the form of what is expected. */
const IS_NO_SECRET = /(^|:)(\*\*\*|PASSWORD)$/;

const maskCredentials = (whole: string, scheme: string, credentials: string): string =>
  IS_NO_SECRET.test(credentials) ? whole : `${scheme}${MASK}@`;

/** Each occurrence of a secret in a text is replaced, in each of its forms. */
export function maskSecrets(text: string, forms: readonly string[]): string {
  // The longest first: one form may be a part of another.
  const ordered = forms.filter((form) => form !== "").sort((a, b) => b.length - a.length);
  return ordered.reduce((masked, form) => masked.replaceAll(form, MASK), text);
}

/**
 * The password of an address in every form in which it may stand somewhere: as it was typed, as it is meant, and as
 * programs encode it. Without a password the user's name, which then is what lets one in.
 */
export function listSecretForms(address: string): readonly string[] {
  const [, , rest = ""] = ADDRESS.exec(address) ?? [];
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? "";
  const credentials = authority.slice(0, Math.max(0, authority.lastIndexOf("@")));
  const colon = credentials.indexOf(":");
  const password = credentials.slice(colon + 1);
  const typed = password === "" ? credentials.slice(0, colon) : password;
  const meant = decode(typed);
  const normalized = URL.canParse(address) ? [new URL(address).password] : [];
  return [...new Set([typed, meant, encodeURIComponent(meant), ...normalized])].filter((form) => form !== "");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % is no encoding: then it is meant as it is.
    return text;
  }
}
