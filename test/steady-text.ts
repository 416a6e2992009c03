/** A program's output without what differs from run to run: ages, times and random ids. */
export const steady = (text: string): string =>
  text
    .trim()
    .replaceAll('\r\n', '\n')
    .replaceAll(/\b(ageMs|ttlLeftMs|durationMs): \d+(?:\.\d+)?/g, '$1: 1')
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '00000000-0000-4000-8000-000000000000')
