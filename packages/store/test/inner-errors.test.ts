import { SecretsError } from '@keyplane/core'
import { parseIam } from '@keyplane/store'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { iamFile, TestStore } from './test-store.ts'

let failure: Error | undefined
const iam = parseIam(iamFile())
const store = new TestStore()
beforeAll(async () => {
  await store.start({
    iam: {
      current: () => {
        if (failure) throw failure
        return iam
      },
      onChange: () => () => undefined,
    },
  })
})
beforeEach(() => {
  failure = undefined
})
afterAll(() => store.remove())

const targets = { secretsmanager: 'secretsmanager', ssm: 'AmazonSSM', kms: 'TrentService' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }

/** Calls an operation of a JSON service. */
const json = (service: keyof typeof targets, action: string, input: object = {}) =>
  store.send({ service, headers: { 'x-amz-target': `${targets[service]}.${action}` }, body: JSON.stringify(input) })

/** Status, name and message of a refusal. */
const refused = async (service: keyof typeof targets, action: string, input: object = {}) => {
  const { status, body } = await json(service, action, input)
  return [status, body.__type, body.Message ?? body.message]
}

const refusedBySts = async (action: string, input: object = {}) => {
  const body = new URLSearchParams({ Action: action, Version: '2011-06-15', ...input }).toString()
  const { status, text } = await store.send({ service: 'sts', headers: form, body })
  const [, code, message] = /<Code>(.*)<\/Code><Message>(.*)<\/Message>/.exec(text) ?? []
  return [status, code, message]
}

describe('what fails inside of the store', () => {
  it.each([
    [
      new SecretsError('unavailable', 'x'),
      'The store cannot answer at the moment; try again later.',
      [503, 'ServiceUnavailableException', 'InternalServerError', 'DependencyTimeoutException'],
      'ServiceUnavailable',
    ],
    [
      new Error('x'),
      'An error occurred on the server side.',
      [500, 'InternalServiceError', 'InternalServerError', 'KMSInternalException'],
      'InternalFailure',
    ],
    [
      new SecretsError('rate_limited', 'x'),
      'Rate exceeded',
      [400, 'ThrottlingException', 'ThrottlingException', 'ThrottlingException'],
      'Throttling',
    ],
  ] as const)('has the name that each service has for it: %s', async (thrown, message, names, ofSts) => {
    failure = thrown
    const [status, ofSecretsManager, ofSsm, ofKms] = names
    expect(await refused('secretsmanager', 'ListSecrets')).toEqual([status, ofSecretsManager, message])
    const ssmStatus = ofSsm === 'InternalServerError' ? 500 : status
    expect(await refused('ssm', 'GetParameter', { Name: 'x' })).toEqual([ssmStatus, ofSsm, message])
    expect(await refused('kms', 'ListKeys')).toEqual([status, ofKms, message])
    expect(await refusedBySts('GetCallerIdentity')).toEqual([status, ofSts, message])
  })

  // It was told in Secrets Manager's name and words.
  it('is no fault of Secrets Manager where it is a KMS key that does not open', async () => {
    const made = (await json('kms', 'CreateKey')).body as unknown as {
      readonly KeyMetadata: { readonly KeyId: string }
    }
    const { KeyId } = made.KeyMetadata
    const own = `key_id = '${KeyId}'`
    await store.ok('CreateSecret', { Name: 'one', SecretString: 'v' })
    await store.data.rows(
      `update kms_key_materials set wrapped = (select wrapped from kms_key_materials where not ${own}) where ${own}`,
    )
    expect(await refused('kms', 'Encrypt', { KeyId, Plaintext: 'AA==' })).toEqual([
      500,
      'KMSInternalException',
      'An error occurred on the server side.',
    ])
  })

  it('is in the audit log by the name that the caller was told', async () => {
    failure = new Error('x')
    await refused('kms', 'ListKeys')
    await refusedBySts('GetCallerIdentity')
    const [ofSts, ofKms] = await store.data.rows('select detail from audit_records order by seq desc limit 2')
    expect(JSON.parse(String(ofKms?.['detail']))).toEqual({ Error: 'KMSInternalException' })
    expect(JSON.parse(String(ofSts?.['detail']))).toEqual({ Error: 'InternalFailure' })
  })
})

describe('an input that cannot be read', () => {
  it('has the name that each protocol has for it', async () => {
    expect((await refused('kms', 'Encrypt', { KeyId: 1 })).slice(0, 2)).toEqual([400, 'SerializationException'])
    expect((await refused('ssm', 'GetParameter', { Name: 1 })).slice(0, 2)).toEqual([400, 'SerializationException'])
    const twice = { 'Tags.member': 'a', 'Tags.member.1.Key': 'b' }
    expect((await refusedBySts('AssumeRole', twice)).slice(0, 2)).toEqual([400, 'MalformedInput'])
  })
})
