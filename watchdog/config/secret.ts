/**
 * What of a value must never appear in any output. Each variable says it in its declaration; what is hidden everywhere, what is shown of a
 * value that was not understood, and whether a file may hold the value follow from there.
 */
export interface Secret<T> {
  /** Any part of a value that was not understood may be the secret, so that nothing of it is shown. */
  readonly hidesAll?: true;
  /** What is hidden wherever it stands. */
  textsOf(value: T): string[];
}

/** A shorter word by itself would tear our own texts. */
const MIN_WORD = 8;
const SECRET_PARAMETER = /pass|token|secret|key|auth|sig/i;

/** A value that anybody may see, but that is handed in like the secret it belongs to. */
export const nothing: Secret<unknown> = { textsOf: () => [] };

/** All of it, as of a token. */
export const whole: Secret<string> = { hidesAll: true, textsOf: (value) => [value] };

/** Of a URL its password and its query, in which the values of parameters whose name says that they are secret count by themselves too. */
export const login: Secret<URL> = {
  textsOf: (url) => [...credentialsOf(url), ...parametersOf(url, SECRET_PARAMETER)],
};

/** Of a URL to which whoever knows it can write: its path too. */
export const hook: Secret<URL> = {
  hidesAll: true,
  textsOf: (url) => [...pathOf(url), ...credentialsOf(url), ...parametersOf(url, /^/)],
};

function pathOf({ pathname, search }: URL): string[] {
  return [
    ...(pathname.length > 5 ? [pathname, pathname + search] : []),
    ...pathname.split("/").filter((part) => part.length >= 2 * MIN_WORD),
  ];
}

/** No URL is ever shown with its credentials; this is for foreign words. A short password is known by the user beside it, as URLs and the Basic scheme (RFC 7617) write the two. */
function credentialsOf({ username, password }: URL): string[] {
  if (password === "") return [];
  const [user, word] = [decodeOr(username), decodeOr(password)];
  return [
    ...[password, word].filter((text) => text.length >= MIN_WORD),
    Buffer.from(`${user}:${word}`).toString("base64"),
    ...(username === "" ? [] : [`${username}:${password}`, `${user}:${word}`]),
  ];
}

/** The query as a whole, and what stands in parameters whose name says that it is secret. */
function parametersOf({ search, searchParams }: URL, secretName: RegExp): string[] {
  const values = [...searchParams]
    .filter(([name, value]) => secretName.test(name) && value.length >= MIN_WORD)
    .map(([, value]) => value);
  return [...values, ...(search.length > MIN_WORD ? [search.slice(1)] : [])];
}

function decodeOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
