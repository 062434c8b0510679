/** The only paths of the Engine API that are ever asked, all by GET. GET alone is not enough of a rule: /archive, /export and /logs leak content. */
const ALLOWED: readonly RegExp[] = [
  /^\/version$/,
  /^\/v1\.\d{1,3}\/info$/,
  /^\/v1\.\d{1,3}\/containers\/json\?all=1$/,
  /^\/v1\.\d{1,3}\/containers\/[0-9a-f]{64}\/json$/,
  // Before 1.42 the engine does not know `type` and would walk every image, container and volume.
  /^\/v1\.(4[2-9]|[5-9]\d|[1-9]\d\d)\/system\/df\?type=build-cache$/,
];

export function isAllowedPath(path: string): boolean {
  return ALLOWED.some((pattern) => pattern.test(path));
}
