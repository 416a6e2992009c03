/** The polynomial of Castagnoli, reversed. @see https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4 */
const polynomial = 0x82f63b78

const remainderOf = (byte: number): number => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? polynomial : 0)
  return remainder >>> 0
}

let table: Uint32Array | undefined

/** The CRC-32C of some bytes: Google's check that a payload came over whole. No protection against anybody. */
export const crc32c = (bytes: Uint8Array): number => {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => remainderOf(byte))
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0)
  return (crc ^ 0xffffffff) >>> 0
}
