import { STSClient } from '@aws-sdk/client-sts'
import { SignatureV4 } from '@smithy/signature-v4'
import { describe, expect, it } from 'vitest'
import { type SignedRequest, type VerifyOptions, verifySignature } from './verify.ts'

const nowMs = Date.UTC(2026, 10, 22, 1, 0, 0)
const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }

const options = (change: Partial<VerifyOptions> = {}): VerifyOptions => ({
  findSecretKey: (id) => (id === credentials.accessKeyId ? credentials : undefined),
  services: ['sts'],
  nowMs,
  ...change,
})

/** The hash that the SDK's own clients sign with. */
const { sha256 } = new STSClient({ region: 'eu-west-1' }).config

interface Wish {
  readonly expiresIn?: number
  readonly sessionToken?: string
}

/** As the AWS SDK presigns it. */
const presigned = async ({ expiresIn = 60, sessionToken }: Wish = {}): Promise<SignedRequest> => {
  const signer = new SignatureV4({
    credentials: { ...credentials, ...(sessionToken !== undefined && { sessionToken }) },
    region: 'eu-west-1',
    service: 'sts',
    sha256,
  })
  const { query } = await signer.presign(
    {
      method: 'GET',
      protocol: 'http:',
      hostname: '127.0.0.1',
      path: '/',
      headers: { host: '127.0.0.1' },
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    },
    { expiresIn, signingDate: new Date(nowMs) },
  )
  const target = `/?${new URLSearchParams(query as Record<string, string>).toString().replaceAll('+', '%20')}`
  return { method: 'GET', target, rawHeaders: ['host', '127.0.0.1'], body: new Uint8Array() }
}

const changed = async (change: (target: string) => string): Promise<SignedRequest> => {
  const request = await presigned()
  return { ...request, target: change(request.target) }
}

describe('a presigned request', () => {
  it('of the AWS SDK is accepted', async () => {
    expect(verifySignature(await presigned(), options())).toMatchObject({
      ok: true,
      accessKeyId: credentials.accessKeyId,
      region: 'eu-west-1',
      service: 'sts',
    })
  })

  it('brings its session token in the query', async () => {
    const request = await presigned({ sessionToken: 'token/+=' })
    const asked: unknown[] = []
    const findSecretKey: VerifyOptions['findSecretKey'] = (_, token) => {
      asked.push(token)
      return { ...credentials, sessionToken: 'token/+=' }
    }
    expect(verifySignature(request, options({ findSecretKey }))).toMatchObject({ ok: true })
    expect(asked).toEqual(['token/+='])
    expect(verifySignature(request, options())).toMatchObject({ error: 'UnrecognizedClientException' })
  })

  it('is good until it expires, and no longer', async () => {
    const request = await presigned({ expiresIn: 900 })
    expect(verifySignature(request, options({ nowMs: nowMs + 900_000 }))).toMatchObject({ ok: true })
    expect(verifySignature(request, options({ nowMs: nowMs + 901_000 }))).toMatchObject({
      error: 'InvalidSignatureException',
      message: expect.stringContaining('Signature expired'),
    })
    expect(verifySignature(request, options({ nowMs: nowMs - 301_000 }))).toMatchObject({
      message: expect.stringContaining('not yet current'),
    })
  })

  it.each<[string, (target: string) => string]>([
    ['another action', (target) => target.replace('GetCallerIdentity', 'AssumeRole')],
    ['a later end', (target) => target.replace('X-Amz-Expires=60', 'X-Amz-Expires=61')],
    ['one more parameter', (target) => `${target}&RoleArn=x`],
  ])('with %s than was signed is refused', async (_, change) => {
    expect(verifySignature(await changed(change), options())).toMatchObject({ error: 'InvalidSignatureException' })
  })

  it.each<[string, (target: string) => string, string]>([
    ['no date', (target) => target.replace(/X-Amz-Date=[^&]*&/, ''), "'X-Amz-Date'"],
    ['no end', (target) => target.replace(/X-Amz-Expires=[^&]*&/, ''), "'X-Amz-Expires'"],
    ['more than a week', (target) => target.replace('X-Amz-Expires=60', 'X-Amz-Expires=604801'), "'X-Amz-Expires'"],
    ['two signatures', (target) => `${target}&X-Amz-Signature=00`, "'X-Amz-Signature'"],
    ['two credentials', (target) => `${target}&X-Amz-Credential=a`, "'X-Amz-Credential'"],
    ['an escape that is none', (target) => target.replace('X-Amz-Credential=', 'X-Amz-Credential=%zz'), 'Credential'],
  ])('with %s is incomplete', async (_, change, parameter) => {
    expect(verifySignature(await changed(change), options())).toMatchObject({
      error: 'IncompleteSignatureException',
      message: expect.stringContaining(parameter),
    })
  })

  it('that is signed in its headers too is refused', async () => {
    const request = await presigned()
    const twice = { ...request, rawHeaders: [...request.rawHeaders, 'authorization', 'AWS4-HMAC-SHA256 …'] }
    expect(verifySignature(twice, options())).toMatchObject({
      error: 'IncompleteSignatureException',
      message: expect.stringContaining('signed twice'),
    })
  })
})
