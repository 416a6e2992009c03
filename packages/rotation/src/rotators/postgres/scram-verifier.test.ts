import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { scramKeys, scramVerifier } from './scram-verifier.ts'

/** RFC 7677, section 3: user `user`, password `pencil`. */
const rfc = {
  salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
  message:
    'n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  signature: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
}
const hmac = (key: Uint8Array): Buffer => createHmac('sha256', key).update(rfc.message).digest()

describe('a SCRAM verifier', () => {
  it('signs as RFC 7677’s server does', () => {
    expect(hmac(scramKeys('pencil', { salt: rfc.salt }).serverKey).toString('base64')).toBe(rfc.signature)
  })

  it('accepts the proof of RFC 7677’s client', () => {
    const { storedKey } = scramKeys('pencil', { salt: rfc.salt })
    const signature = hmac(storedKey)
    const clientKey = Buffer.from(rfc.proof, 'base64').map((byte, index) => byte ^ (signature[index] ?? 0))
    expect(createHash('sha256').update(clientKey).digest().equals(storedKey)).toBe(true)
  })

  it('is written as PostgreSQL keeps it', () => {
    expect(scramVerifier('pencil', { salt: rfc.salt })).toMatch(
      /^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$[\w+/]{43}=:[\w+/]{43}=$/,
    )
  })

  it.each(['päss', 'a\nb', '', 'a\u0000'])('is not made of %j', (password) => {
    expect(() => scramVerifier(password, { salt: rfc.salt })).toThrow(/printable ASCII/)
  })
})
