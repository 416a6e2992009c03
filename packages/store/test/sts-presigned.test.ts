import { STSClient } from '@aws-sdk/client-sts'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { account, developer, region, TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

/** The hash that the SDK's own clients sign with. */
const { sha256 } = new STSClient({ region }).config

describe('a presigned call', () => {
  /** As tools that pass their identity on make it (the login of Vault and of EKS by IAM). */
  const presigned = async (): Promise<string> => {
    const host = `127.0.0.1:${store.running?.port}`
    const signer = new SignatureV4({ credentials: { ...developer }, region, service: 'sts', sha256 })
    const { query } = await signer.presign(
      {
        method: 'GET',
        protocol: 'http:',
        hostname: host,
        path: '/',
        headers: { host },
        query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      },
      { expiresIn: 60, signingDate: new Date(store.clock.nowMs()) },
    )
    return `http://${host}/?${new URLSearchParams(query as Record<string, string>)}`
  }

  it('tells who signed it, to whoever has it', async () => {
    const answer = await fetch(await presigned())
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringContaining(`<Arn>arn:aws:iam::${account}:user/developer</Arn>`),
    ])
  })

  it('is refused for another action than it was made for', async () => {
    const answer = await fetch((await presigned()).replace('GetCallerIdentity', 'AssumeRole'))
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('SignatureDoesNotMatch')])
  })
})
