import { deflateRawSync } from 'node:zlib'

export interface ZipEntry {
  /** With slashes, from the root of the archive. */
  readonly name: string
  readonly content: Uint8Array
  /** Unix permissions: Lambda starts what may be executed. */
  readonly mode: number
}

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

const crc32 = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

/** 1 January 1980: the same content is the same archive. */
const date = 0x0021
const [versionNeeded, madeByUnix, deflated, regularFile] = [20, (3 << 8) | 20, 8, 0o100000]

/** A ZIP archive of files, with their permissions. @see APPNOTE.TXT of PKWARE, 4.3 */
export const zipOf = (entries: readonly ZipEntry[]): Buffer => {
  const [files, directory]: [Buffer[], Buffer[]] = [[], []]
  let offset = 0
  for (const { name, content, mode } of entries) {
    const [path, packed] = [Buffer.from(name), deflateRawSync(content, { level: 9 })]
    const facts = Buffer.alloc(26)
    facts.writeUInt16LE(versionNeeded, 0)
    facts.writeUInt16LE(deflated, 4)
    facts.writeUInt16LE(date, 8)
    facts.writeUInt32LE(crc32(content), 10)
    facts.writeUInt32LE(packed.length, 14)
    facts.writeUInt32LE(content.length, 18)
    facts.writeUInt16LE(path.length, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), facts, path, packed])
    const madeBy = Buffer.alloc(2)
    madeBy.writeUInt16LE(madeByUnix)
    const end = Buffer.alloc(14)
    end.writeUInt32LE(((regularFile | mode) << 16) >>> 0, 6)
    end.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), madeBy, facts, end, path]))
    files.push(local)
    offset += local.length
  }
  const listed = Buffer.concat(directory)
  const trailer = Buffer.alloc(18)
  trailer.writeUInt16LE(entries.length, 4)
  trailer.writeUInt16LE(entries.length, 6)
  trailer.writeUInt32LE(listed.length, 8)
  trailer.writeUInt32LE(offset, 12)
  return Buffer.concat([...files, listed, Buffer.from('PK\u0005\u0006'), trailer])
}
