import { STSClient } from '@aws-sdk/client-sts'
import { SignatureV4 } from '@smithy/signature-v4'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signRequest } from './sign.ts'
import { verifySignature } from './verify.ts'

/** The hash that the SDK's own clients sign with. */
const { sha256 } = new STSClient({ region: 'eu-central-1' }).config

const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

const headerName = fc
  .stringMatching(/^[a-zA-Z][a-zA-Z0-9-]{0,20}$/)
  .filter((name) => !/^(?:host|authorization)$|^x-amz-/i.test(name))
const headerValue = fc.stringMatching(/^[\x20-\x7e\t]{0,40}$/)
/** The SDK keeps parameters in a plain object, where one named `__proto__` is lost: there it is no oracle. */
const queryName = fc
  .string({ unit: 'grapheme', minLength: 1 })
  .filter((name) => name !== '__proto__' && name.toLowerCase() !== 'x-amz-signature')
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  path: fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '.', '..'))),
  query: fc.dictionary(queryName, fc.string({ unit: 'grapheme' })),
  headers: fc.dictionary(headerName, headerValue),
  body: fc.uint8Array(),
  sessionToken: fc.option(fc.stringMatching(/^[A-Za-z0-9+/=]{1,60}$/), { nil: undefined }),
  atMs: fc.integer({ min: 0, max: Date.UTC(2099, 0) }).map((ms) => ms - (ms % 1000)),
  applyChecksum: fc.boolean(),
})

/** Names that differ in case only would be one header on the wire, and two in the SDK's record. */
const byLowerName = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

describe('beside the signer of the AWS SDK', () => {
  it('our signature is the same, and we accept theirs', async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, query, headers, body, sessionToken, atMs, applyChecksum }) => {
        const wirePath = `/${path.map(escaped).join('/')}`
        const credentials = {
          accessKeyId: 'AKIDEXAMPLE',
          secretAccessKey: 'secret',
          ...(sessionToken === undefined ? {} : { sessionToken }),
        }
        const scope = { region: 'eu-central-1', service: 'secretsmanager' }
        const signer = new SignatureV4({ ...scope, credentials, sha256, applyChecksum })
        const theirs = await signer.sign(
          {
            method,
            protocol: 'https:',
            hostname: 'example.com',
            path: wirePath,
            query,
            headers: { ...byLowerName(headers), host: 'example.com' },
            body,
          },
          { signingDate: new Date(atMs) },
        )

        const pairs = Object.entries(query).map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
        const target = pairs.length === 0 ? wirePath : `${wirePath}?${pairs.join('&')}`
        const { authorization, ...given } = theirs.headers
        const ours = signRequest({ method, target, headers: given, body, credentials, ...scope, atMs })
        expect(ours['authorization']).toBe(authorization)

        const wire = { method, target, rawHeaders: Object.entries(theirs.headers).flat(), body }
        const options = {
          findSecretKey: () => credentials,
          region: scope.region,
          services: [scope.service],
          nowMs: atMs,
        }
        expect(verifySignature(wire, options)).toMatchObject({ ok: true })
        expect(verifySignature({ ...wire, body: Uint8Array.of(...body, 0) }, options).ok).toBe(false)
      }),
      { numRuns: 300 },
    )
  })
})
