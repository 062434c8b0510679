export { doctor } from "./doctor.ts";
export { page } from "./page.ts";
export { prune } from "./prune.ts";
export { texts } from "./texts.ts";
