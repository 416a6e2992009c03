import { afterEach, describe, expect, it } from 'vitest'
import { type AwsDouble, type Behaviour, startAwsDouble } from '../test/aws-double.ts'
import { type CallerIdentity, getCallerIdentity } from './caller-identity.ts'
import { verifySignature } from './sigv4/verify.ts'

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }

const identity = (arn: string): string => `<?xml version="1.0"?>
<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>${arn}</Arn>
    <UserId>AIDA</UserId>
    <Account>123456789012</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>`

let double: AwsDouble | undefined
afterEach(() => double?.stop())

const ask = async (behaviour: Behaviour): Promise<CallerIdentity> => {
  double = await startAwsDouble(() => behaviour)
  return getCallerIdentity({ region: 'eu-west-1', endpoint: double.endpoint, credentials: async () => credentials })
}

describe('GetCallerIdentity', () => {
  it('is signed for STS and tells whose credentials these are', async () => {
    const arn = 'arn:aws:iam::123456789012:user/a&amp;b'
    expect(await ask({ body: identity(arn) })).toEqual({
      arn: 'arn:aws:iam::123456789012:user/a&b',
      account: '123456789012',
      userId: 'AIDA',
    })
    const [asked] = double?.asked ?? []
    expect(asked?.text).toBe('Action=GetCallerIdentity&Version=2011-06-15')
    const options = { findSecretKey: () => credentials, services: ['sts'], nowMs: Date.now() }
    expect(asked && verifySignature(asked, options)).toMatchObject({ ok: true, service: 'sts' })
  })

  it('tells refused credentials by what STS said', async () => {
    const body =
      '<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code>' +
      '<Message>The security token included in the request is invalid</Message></Error></ErrorResponse>'
    await expect(ask({ status: 403, body })).rejects.toMatchObject({
      code: 'unauthenticated',
      reason: 'unknown_key',
      upstream: { protocol: 'aws-query', code: 'InvalidClientTokenId', status: 403 },
    })
  })

  it('gives no credentials away where STS echoes them', async () => {
    const { secretAccessKey } = credentials
    const body = `<Error><Code>SignatureDoesNotMatch</Code><Message>no: ${secretAccessKey}\nThe Canonical String</Message></Error>`
    await expect(ask({ status: 403, body })).rejects.toMatchObject({ upstream: { message: 'no: [secret]' } })
  })

  it('waits for credentials no longer than its caller', async () => {
    const options = {
      region: 'eu-west-1',
      endpoint: 'http://127.0.0.1:1',
      credentials: () => new Promise<never>(() => {}),
    }
    await expect(getCallerIdentity(options, { timeoutMs: 5 })).rejects.toMatchObject({ code: 'timeout' })
  })

  it.each([
    '',
    '<html></html>',
    identity('not an arn'),
    identity('<b>arn:aws</b>'),
    identity('arn:x').replace('123456789012', '12'),
    identity('arn:x</Arn><Arn>arn:y'),
  ])('takes no other answer for one (%#)', async (body) => {
    await expect(ask({ body })).rejects.toMatchObject({ code: 'bad_response' })
  })
})
