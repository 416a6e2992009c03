import { describe, expect, it } from 'vitest'
import { signRequest } from './sign.ts'
import { verifySignature } from './verify.ts'

/** The documented example key of AWS's signing test suite. */
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const atMs = Date.UTC(2015, 7, 30, 12, 36, 0)

interface Vector {
  readonly name: string
  readonly method?: string
  readonly target?: string
  readonly headers?: Record<string, string | string[]>
  readonly sessionToken?: string
  readonly body?: string
  readonly signature: string
}

const form = {
  'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
  'Content-Length': '13',
  'x-amz-content-sha256': '9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e',
}

/** From awslabs/aws-c-auth, tests/aws-signing-test-suite/v4, with normalised paths. */
const vectors: readonly Vector[] = [
  { name: 'get-vanilla', signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  {
    name: 'get-vanilla-with-session-token',
    sessionToken: '6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267',
    signature: '07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8',
  },
  {
    name: 'get-header-key-duplicate',
    headers: { 'My-Header1': ['value2', 'value2', 'value1'] },
    signature: 'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
  },
  {
    name: 'get-header-value-multiline',
    headers: { 'My-Header1': 'value1\n  value2\n     value3' },
    signature: 'cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd',
  },
  {
    name: 'get-header-value-trim',
    headers: { 'My-Header1': ' value1', 'My-Header2': ' "a   b   c"' },
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
  {
    name: 'get-slashes',
    target: '//example//',
    signature: '9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84',
  },
  {
    name: 'get-space',
    target: '/example space/',
    signature: '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741',
  },
  {
    name: 'get-utf8',
    target: '/ሴ',
    signature: '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85',
  },
  {
    name: 'get-vanilla-utf8-query',
    target: '/?ሴ=bar',
    signature: '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04',
  },
  {
    name: 'get-vanilla-query-order-encoded',
    target: '/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1',
    signature: '371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac',
  },
  {
    name: 'get-vanilla-query-order-key-case',
    target: '/?Param2=value2&Param1=value1',
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    name: 'post-x-www-form-urlencoded-parameters',
    method: 'POST',
    headers: form,
    body: 'Param1=value1',
    signature: '328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422',
  },
]

describe("AWS's signing test suite", () => {
  it.each(vectors)('$name', ({ method = 'GET', target = '/', headers, sessionToken, body = '', signature }) => {
    const key = { ...credentials, ...(sessionToken === undefined ? {} : { sessionToken }) }
    const sent = { Host: 'example.amazonaws.com', ...headers }
    const scope = { region: 'us-east-1', service: 'service' }
    const added = signRequest({ method, target, headers: sent, body, credentials: key, ...scope, atMs })
    expect(added['authorization']).toContain(`Signature=${signature}`)

    const rawHeaders = Object.entries({ ...sent, ...added }).flatMap(([name, value]) =>
      (typeof value === 'string' ? [value] : value).flatMap((one) => [name, one]),
    )
    const wire = { method, target: Buffer.from(target).toString('latin1'), rawHeaders, body: Buffer.from(body) }
    const options = { findSecretKey: () => key, region: 'us-east-1', services: ['service'], nowMs: atMs }
    expect(verifySignature(wire, options)).toMatchObject({ ok: true, accessKeyId: 'AKIDEXAMPLE' })
  })
})
