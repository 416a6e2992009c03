import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'

const tlv = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents)
  const { length } = content
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}
const sequence = (...contents: readonly Uint8Array[]): Buffer => tlv(0x30, ...contents)
const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, 'hex'))
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
const nameOf = (text: string): Buffer => sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(text)))))
const time = (text: string): Buffer => tlv(0x17, Buffer.from(text))
const extension = (id: string, content: Buffer): Buffer => sequence(oid(id), tlv(0x04, content))

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}(?!$)/g, '$&\n')}\n-----END CERTIFICATE-----\n`

export interface TestCertificate {
  readonly certificate: string
  readonly key: string
}

/** An authority of a test's own, that signs for names and IPv4 addresses. */
export class TestAuthority {
  readonly certificate: string
  readonly #name: string
  readonly #key: KeyObject
  #serial = 1

  constructor(name: string) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#name = name
    this.#key = privateKey
    this.certificate = this.#signed(name, publicKey, extension('551d13', sequence(tlv(0x01, Buffer.from([0xff])))))
  }

  issue(name: string, hosts: readonly string[] = [name]): TestCertificate {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const names = hosts.map((host) =>
      /^[\d.]+$/.test(host) ? tlv(0x87, Buffer.from(host.split('.').map(Number))) : tlv(0x82, Buffer.from(host)),
    )
    const certificate = this.#signed(name, publicKey, extension('551d11', sequence(...names)))
    return { certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
  }

  #signed(subject: string, publicKey: KeyObject, more: Buffer): string {
    const body = sequence(
      tlv(0xa0, tlv(0x02, Buffer.from([2]))),
      tlv(0x02, Buffer.from([this.#serial++])),
      ecdsaWithSha256,
      nameOf(this.#name),
      sequence(time('200101000000Z'), time('491231235959Z')),
      nameOf(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      tlv(0xa3, sequence(more)),
    )
    const signature = sign('sha256', body, this.#key)
    return pem(sequence(body, ecdsaWithSha256, tlv(0x03, Buffer.from([0]), signature)))
  }
}

/** Writes a file; gives its path. */
export const written = (path: string, text: string): string => {
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
