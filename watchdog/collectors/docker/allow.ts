/** The only paths of the Engine API that are ever asked, all by GET. GET alone is not enough of a rule: /archive, /export and /logs leak content. */
const ALLOWED: readonly RegExp[] = [
  /^\/version$/,
  /^\/v1\.\d{1,3}\/info$/,
  /^\/v1\.\d{1,3}\/containers\/json\?all=1$/,
  /^\/v1\.\d{1,3}\/containers\/[0-9a-f]{64}\/json$/,
];

export function isAllowedPath(path: string): boolean {
  return ALLOWED.some((pattern) => pattern.test(path));
}
