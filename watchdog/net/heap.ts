/** Of V8 with 64-bit pointers, with what its parser and collector need beside: an object, a list, a text without its letters, a property, a place in a list. */
const OBJECT_BYTES = 64;
const LIST_BYTES = 80;
const TEXT_BYTES = 28;
const PROPERTY_BYTES = 32;
const PLACE_BYTES = 24;

/**
 * What one JSON text may count, whoever wrote it. The worst of them, in which no two objects have the same names or a list mixes
 * fractions with objects, take two and a half times what is counted; the container of 128 MB has about 40 MB for that, with the healthcheck beside.
 */
export const MAX_HEAP_BYTES = 16 * 1024 * 1024;

/** About how many bytes of memory a JSON text becomes, by counting its structure; texts count as long as they are written. Pure. */
export function heapOf(bytes: Buffer): number {
  let heap = bytes.length;
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case 0x22: // "
        heap += TEXT_BYTES;
        at = endOfText(bytes, at);
        break;
      case 0x7b:
        heap += OBJECT_BYTES;
        break; // {
      case 0x5b:
        heap += LIST_BYTES;
        break; // [
      case 0x3a:
        heap += PROPERTY_BYTES;
        break; // :
      case 0x2c:
        heap += PLACE_BYTES;
        break; // ,
    }
  }
  return heap;
}

/** The place of the quote that ends the text which begins at `start`. */
function endOfText(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1;
  return at;
}
