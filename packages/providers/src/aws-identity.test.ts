import { afterEach, describe, expect, it } from 'vitest'
import { type Behaviour, type HttpDouble, startHttpDouble } from '../test/http-double.ts'
import { awsIdentity } from './aws-identity.ts'

const answer =
  '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/a</Arn>' +
  '<UserId>AIDA</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>'

let double: HttpDouble | undefined
afterEach(() => double?.stop())

const start = async (behaviour: Behaviour): Promise<Readonly<Record<string, string>>> => {
  double = await startHttpDouble(() => behaviour)
  return {
    AWS_ACCESS_KEY_ID: 'A',
    AWS_SECRET_ACCESS_KEY: 'B',
    AWS_ENDPOINT_URL_STS: double.endpoint,
    AWS_REGION: 'eu-west-1',
  }
}

describe('the identity behind the aws provider', () => {
  it('is that of the credentials in the environment', async () => {
    const env = await start({ body: answer })
    expect(await awsIdentity({ env })).toEqual({
      account: '123456789012',
      arn: 'arn:aws:iam::123456789012:user/a',
      userId: 'AIDA',
    })
    expect(double?.asked[0]?.headers.authorization).toContain('/eu-west-1/sts/aws4_request')
  })

  it('is refused where STS does not take them', async () => {
    const env = await start({
      status: 403,
      body: '<Error><Code>InvalidClientTokenId</Code><Message>m</Message></Error>',
    })
    await expect(awsIdentity({ env })).rejects.toMatchObject({ code: 'unauthenticated', reason: 'unknown_key' })
  })
})
