import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterEach, describe, expect, it } from 'vitest'
import { type AwsDouble, startAwsDouble } from '../../test/aws-double.ts'
import { verifySignature } from './verify.ts'

const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'token/+=',
}

const identity =
  '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/a</Arn>' +
  '<UserId>A</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>'

let double: AwsDouble | undefined
afterEach(() => double?.stop())

const start = async (key: { readonly secretAccessKey: string }): Promise<AwsDouble> => {
  double = await startAwsDouble((asked) => {
    const services = ['secretsmanager', 'sts']
    const options = { findSecretKey: () => ({ ...credentials, ...key }), region: 'eu-west-1', services }
    const verified = verifySignature(asked, { ...options, nowMs: Date.now() })
    if (!verified.ok)
      return { status: 400, body: JSON.stringify({ __type: verified.error, message: verified.message }) }
    return verified.service === 'sts'
      ? { headers: { 'content-type': 'text/xml' }, body: identity }
      : { headers: { 'content-type': 'application/x-amz-json-1.1' }, body: '{"SecretString":"s"}' }
  })
  return double
}

describe('a request of the AWS SDK over the wire', () => {
  it('is accepted', async () => {
    const { endpoint } = await start(credentials)
    const client = new SecretsManagerClient({ region: 'eu-west-1', endpoint, credentials })
    expect(await client.send(new GetSecretValueCommand({ SecretId: 'db' }))).toMatchObject({ SecretString: 's' })
    const sts = new STSClient({ region: 'eu-west-1', endpoint, credentials })
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: '123456789012' })
    client.destroy()
    sts.destroy()
  })

  it('that is signed with another key is refused in a way that it understands', async () => {
    const { endpoint } = await start({ secretAccessKey: 'another' })
    const client = new SecretsManagerClient({ region: 'eu-west-1', endpoint, credentials, maxAttempts: 1 })
    await expect(client.send(new GetSecretValueCommand({ SecretId: 'db' }))).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      message: expect.stringContaining('does not match the signature you provided'),
    })
    client.destroy()
  })
})
