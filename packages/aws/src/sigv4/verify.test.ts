import { createSecretKey } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signRequest } from './sign.ts'
import { SigningKeyCache } from './signing-key.ts'
import { type SignedRequest, type VerifyOptions, verifySignature } from './verify.ts'

const nowMs = Date.UTC(2026, 10, 22, 1, 0, 0)
const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
const scope = { region: 'eu-west-1', service: 'secretsmanager' }
const base = {
  host: 'secretsmanager.eu-west-1.amazonaws.com',
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': 'secretsmanager.GetSecretValue',
}

interface Change {
  readonly atMs?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly sessionToken?: string
  readonly scope?: typeof scope
}

const signed = (change: Change = {}): SignedRequest => {
  const headers = { ...base, ...change.headers }
  const body = Buffer.from(change.body ?? '{"SecretId":"db"}')
  const added = signRequest({
    method: 'POST',
    target: '/',
    headers,
    body,
    credentials:
      change.sessionToken === undefined ? credentials : { ...credentials, sessionToken: change.sessionToken },
    ...(change.scope ?? scope),
    atMs: change.atMs ?? nowMs,
  })
  return { method: 'POST', target: '/', rawHeaders: Object.entries({ ...headers, ...added }).flat(), body }
}

const options: VerifyOptions = {
  findSecretKey: (id) => (id === credentials.accessKeyId ? credentials : undefined),
  region: 'eu-west-1',
  services: ['secretsmanager', 'sts'],
  nowMs,
}

const withHeader = (request: SignedRequest, name: string, change: (value: string) => string): SignedRequest => {
  const rawHeaders = [...request.rawHeaders]
  const at = rawHeaders.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name)
  rawHeaders[at + 1] = change(rawHeaders[at + 1] ?? '')
  return { ...request, rawHeaders }
}

const without = (request: SignedRequest, name: string): SignedRequest => {
  const at = request.rawHeaders.findIndex((text, index) => index % 2 === 0 && text === name)
  return { ...request, rawHeaders: request.rawHeaders.filter((_, index) => index !== at && index !== at + 1) }
}

const authorization = (change: (value: string) => string): SignedRequest =>
  withHeader(signed(), 'authorization', change)

describe('a signature', () => {
  it('of a known key is accepted, with who, where and what it covers', () => {
    expect(verifySignature(signed(), options)).toEqual({
      ok: true,
      accessKeyId: credentials.accessKeyId,
      region: 'eu-west-1',
      service: 'secretsmanager',
      signedHeaders: ['content-type', 'host', 'x-amz-date', 'x-amz-target'],
    })
  })

  it('is asked for', () => {
    const expected = { error: 'MissingAuthenticationTokenException', message: 'Missing Authentication Token' }
    expect(verifySignature(without(signed(), 'authorization'), options)).toMatchObject(expected)
    expect(
      verifySignature(
        authorization(() => 'Bearer abc'),
        options,
      ),
    ).toMatchObject(expected)
  })

  it.each<[string, (value: string) => string, string]>([
    ['no credential', (value) => value.replace(/Credential=[^,]*, /, ''), "requires 'Credential'"],
    ['no signature', (value) => value.replace(/, Signature=.*/, ''), "requires 'Signature'"],
    ['no signed headers', (value) => value.replace(/SignedHeaders=[^,]*, /, ''), "requires 'SignedHeaders'"],
    ['four elements', (value) => value.replace('/aws4_request', ''), 'exactly 5 slash-delimited elements'],
    ['a space in the key', (value) => value.replace('Credential=', 'Credential= '), 'missing equal-sign'],
    ['another algorithm', (value) => value.replace('SHA256', 'SHA512'), "Unsupported AWS 'algorithm'"],
    ['two credentials', (value) => `${value}, Credential=a`, 'more than once'],
  ])('with %s is incomplete', (_, change, message) => {
    expect(verifySignature(authorization(change), options)).toMatchObject({
      ok: false,
      error: 'IncompleteSignatureException',
      message: expect.stringContaining(message),
    })
  })

  it.each(['20261122', '2026-11-22T01:00:00Z', '20261132T010000Z', '20260231T010000Z', ''])(
    'with the date %j is incomplete',
    (date) => {
      expect(
        verifySignature(
          withHeader(signed(), 'x-amz-date', () => date),
          options,
        ),
      ).toMatchObject({
        error: 'IncompleteSignatureException',
      })
    },
  )

  it('without the date that it was made with is incomplete, and told which header is wanted', () => {
    const { rawHeaders, ...rest } = without(signed(), 'x-amz-date')
    const dated = { ...rest, rawHeaders: [...rawHeaders, 'date', new Date(nowMs).toUTCString()] }
    expect(verifySignature(dated, options)).toMatchObject({
      error: 'IncompleteSignatureException',
      message: "Authorization header requires existence of a 'X-Amz-Date' header.",
    })
  })

  it('made more than five minutes ago is expired, in the words of AWS', () => {
    expect(verifySignature(signed({ atMs: nowMs - 300_000 }), options).ok).toBe(true)
    expect(verifySignature(signed({ atMs: nowMs - 301_000 }), options)).toMatchObject({
      error: 'InvalidSignatureException',
      message: 'Signature expired: 20261122T005459Z is now earlier than 20261122T005500Z (20261122T010000Z - 5 min.)',
    })
  })

  it('made more than five minutes ahead is not yet current, in the words of AWS', () => {
    expect(verifySignature(signed({ atMs: nowMs + 300_000 }), options).ok).toBe(true)
    expect(verifySignature(signed({ atMs: nowMs + 301_000 }), options)).toMatchObject({
      error: 'InvalidSignatureException',
      message:
        'Signature not yet current: 20261122T010501Z is still later than 20261122T010500Z (20261122T010000Z + 5 min.)',
    })
  })

  it.each([
    [{ ...scope, region: 'us-east-1' }, "Credential should be scoped to a valid region, not 'us-east-1'. "],
    [{ ...scope, service: 's3' }, "Credential should be scoped to correct service: 'secretsmanager'. "],
  ])('for %j is refused by its scope', (other, message) => {
    expect(verifySignature(signed({ scope: other }), options)).toMatchObject({
      error: 'InvalidSignatureException',
      message,
    })
  })

  it('has to be scoped to the day of its date and end in aws4_request', () => {
    const day = authorization((value) => value.replace('/20261122/', '/20261121/'))
    expect(verifySignature(day, options)).toMatchObject({
      message: expect.stringContaining('Date in Credential scope'),
    })
    const end = authorization((value) => value.replace('aws4_request', 'aws4_reques'))
    expect(verifySignature(end, options)).toMatchObject({ message: expect.stringContaining('valid terminator') })
  })

  it('of an unknown key is refused as unknown, and derives a key all the same', () => {
    const signingKeys = new SigningKeyCache()
    const asked: [string, string][] = []
    const spied = Object.assign(signingKeys, {
      get: (id: string, secret: string) => {
        asked.push([id, secret])
        return createSecretKey(Buffer.alloc(32))
      },
    })
    const refused = verifySignature(signed(), { ...options, findSecretKey: () => undefined, signingKeys: spied })
    expect(refused).toMatchObject({
      error: 'UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
    })
    expect(asked).toHaveLength(1)
    expect(asked[0]?.[1]).not.toBe('')
  })

  it('is refused where a header that AWS wants signed is not', () => {
    const added = { ...signed(), rawHeaders: [...signed().rawHeaders, 'X-Amz-Extra', '1'] }
    expect(verifySignature(added, options)).toMatchObject({ message: expect.stringContaining("'x-amz-extra' must be") })
    const host = authorization((value) => value.replace('host;', ''))
    expect(verifySignature(host, options)).toMatchObject({ message: expect.stringContaining("'Host' or ':authority'") })
  })

  it('is refused where a second target, host or date could be read in place of the signed one', () => {
    for (const name of ['Host', 'x-amz-target', 'X-Amz-Date']) {
      const request = signed()
      const twice = { ...request, rawHeaders: [...request.rawHeaders, name, 'x'] }
      expect(verifySignature(twice, options)).toMatchObject({ ok: false, error: 'InvalidSignatureException' })
    }
  })

  it('with a stated body hash is refused where the body has another', () => {
    const stated = signed({ headers: { 'x-amz-content-sha256': '0'.repeat(64) } })
    expect(verifySignature(stated, options)).toMatchObject({ message: expect.stringContaining('x-amz-content-sha256') })
    const unsigned = signed({ headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } })
    expect(verifySignature(unsigned, options).ok).toBe(false)
  })

  it('of temporary credentials needs their token, and ends with it', () => {
    const temporary = { ...credentials, sessionToken: 'token', expiresAtMs: nowMs + 1 }
    const opened = { ...options, findSecretKey: () => temporary }
    expect(verifySignature(signed({ sessionToken: 'token' }), opened).ok).toBe(true)
    const invalid = { error: 'UnrecognizedClientException' }
    expect(verifySignature(signed({ sessionToken: 'other' }), opened)).toMatchObject(invalid)
    expect(verifySignature(signed(), opened)).toMatchObject(invalid)
    expect(verifySignature(signed({ sessionToken: 'token' }), options)).toMatchObject(invalid)
    expect(verifySignature(signed({ sessionToken: 'token' }), { ...opened, nowMs: nowMs + 1 })).toMatchObject({
      error: 'ExpiredTokenException',
    })
  })

  it('follows a secret that changed behind its access key, although keys are cached', () => {
    const signingKeys = new SigningKeyCache({ maxKeys: 2 })
    expect(verifySignature(signed(), { ...options, signingKeys }).ok).toBe(true)
    const changed = { ...options, signingKeys, findSecretKey: () => ({ secretAccessKey: 'another' }) }
    expect(verifySignature(signed(), changed)).toMatchObject({ error: 'InvalidSignatureException' })
    expect(verifySignature(signed(), { ...options, signingKeys }).ok).toBe(true)
  })

  it('is refused after any change of one byte in body, target, method or a signed header', () => {
    const request = signed()
    const signedNames = ['host', 'content-type', 'x-amz-date', 'x-amz-target', 'authorization']
    const flip = (text: string, at: number): string => {
      const index = at % text.length
      return text.slice(0, index) + String.fromCharCode(text.charCodeAt(index) ^ 1) + text.slice(index + 1)
    }
    const changed = (change: Partial<SignedRequest>): SignedRequest => ({ ...request, ...change })
    const body = Buffer.from(request.body).toString('latin1')
    const targets = ['/?x', '/x', '/?a=b', '*', 'http://secretsmanager.eu-west-1.amazonaws.com/']
    const mutation = fc.oneof(
      fc
        .tuple(fc.constantFrom(...signedNames), fc.nat())
        .map(([name, at]) => withHeader(request, name, (value) => flip(value, at))),
      fc.nat().map((at) => changed({ body: Buffer.from(flip(body, at), 'latin1') })),
      fc.constantFrom(...targets).map((target) => changed({ target })),
      fc.constantFrom('GET', 'post', 'PUT').map((method) => changed({ method })),
    )
    fc.assert(
      fc.property(mutation, (mutated) => {
        expect(verifySignature(mutated, options).ok).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('never fails otherwise than with a refusal, whatever the headers hold', () => {
    const text = fc.string({ unit: 'binary-ascii' })
    fc.assert(
      fc.property(fc.array(text), text, text, (rawHeaders, target, header) => {
        const request = {
          method: 'POST',
          target,
          rawHeaders: [...rawHeaders, 'Authorization', header],
          body: new Uint8Array(),
        }
        expect(verifySignature(request, options).ok).toBe(false)
        const aws = { ...request, rawHeaders: ['Authorization', `AWS4-HMAC-SHA256 ${header}`] }
        expect(verifySignature(aws, options).ok).toBe(false)
      }),
    )
  })
})
