import { connect } from 'node:net'
import { auditTail, parseIam, verifyAudit } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { account, developer, post, TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(async () => {
  await store.start()
  await store.ok('CreateSecret', { Name: 'access/one', SecretString: 'v' })
})
afterAll(() => store.remove())

const get = { SecretId: 'access/one' }
const body = JSON.stringify(get)
const lastRecord = async () => {
  const records = await auditTail({ ...store.database, limit: 1 })
  return records[0]?.record
}

describe('an answer', () => {
  it('carries its request id, its type, and errors as AWS writes them', async () => {
    const found = await store.call('GetSecretValue', get)
    expect(found.headers).toMatchObject({ 'content-type': 'application/x-amz-json-1.1', 'cache-control': 'no-store' })
    expect(found.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/)
    const modelled = await store.call('GetSecretValue', { SecretId: 'nowhere' })
    expect([modelled.status, Object.keys(modelled.body)]).toEqual([400, ['__type', 'Message']])
    const framework = await store.call('GetSecretValue', {})
    expect([framework.status, Object.keys(framework.body)]).toEqual([400, ['__type', 'message']])
  })

  it('never repeats what was sent in its place', async () => {
    const secret = 'hunter2-hunter2'
    for (const [operation, sent] of [
      ['CreateSecret', `{"Name":"x","SecretString":"${secret}"`],
      ['CreateSecret', `{"Name":"x","SecretString":["${secret}"]}`],
      ['CreateSecret', `{"Name":"x","SecretBinary":"${secret}!"}`],
      ['CreateSecret', `"${secret}"`],
      ['PutSecretValue', `{"SecretString":"${secret}${'x'.repeat(70_000)}"}`],
    ] as const) {
      const { status, text } = await store.send({ operation, body: sent })
      expect([status, text.includes('hunter2')]).toEqual([400, false])
    }
  })

  it('refuses what is no JSON, no object, no UTF-8, and half a character', async () => {
    const type = async (sent: string) => (await store.send({ operation: 'GetSecretValue', body: sent })).body['__type']
    for (const sent of ['{', '[]', '1', 'null', '{"SecretId":"\\ud800"}'])
      expect(await type(sent)).toBe('SerializationException')
  })

  it('names an operation that there is not', async () => {
    expect(await store.refused('DropTables', {})).toMatch(/^UnknownOperationException/)
    const headers = { 'x-amz-target': 'TrentService.DropKeys' }
    expect((await store.send({ headers, body: '{}', service: 'kms' })).body['__type']).toBe('UnknownOperationException')
  })
})

describe('authentication', () => {
  const refused = async (sent: Parameters<TestStore['send']>[0]) => (await store.send(sent)).body

  it('wants a signature, by a known key, made with its secret', async () => {
    const port = store.running?.port ?? 0
    const target = { 'x-amz-target': 'secretsmanager.GetSecretValue' }
    expect((await post(port, target, body)).body).toEqual({
      __type: 'MissingAuthenticationTokenException',
      message: 'Missing Authentication Token',
    })
    const unknown = { ...developer, accessKeyId: 'AKIAUNKNOWN000000001' }
    expect((await refused({ operation: 'GetSecretValue', body, credentials: unknown }))['__type']).toBe(
      'UnrecognizedClientException',
    )
    const wrong = { ...developer, secretAccessKey: 'x'.repeat(20) }
    expect((await refused({ operation: 'GetSecretValue', body, credentials: wrong }))['__type']).toBe(
      'InvalidSignatureException',
    )
  })

  it('wants the operation signed, a fresh date and the right service', async () => {
    const sent = { operation: 'GetSecretValue', body }
    const tamper = (headers: Record<string, string>) => ({ ...headers, 'x-amz-target': 'secretsmanager.DeleteSecret' })
    expect((await refused({ ...sent, tamper }))['__type']).toBe('InvalidSignatureException')
    expect((await refused({ ...sent, offMs: -301_000 }))['message']).toMatch(/^Signature expired/)
    expect((await refused({ ...sent, offMs: 301_000 }))['message']).toMatch(/^Signature not yet current/)
    expect((await refused({ ...sent, service: 'sts' }))['message']).toMatch(/correct service: 'secretsmanager'/)
    expect((await store.send({ ...sent, offMs: -299_000 })).status).toBe(200)
  })

  it('comes before everything else that could be wrong', async () => {
    const wrong = { ...developer, secretAccessKey: 'x'.repeat(20) }
    for (const operation of ['GetSecretValue', 'DropTables'])
      expect((await refused({ operation, body: '{', credentials: wrong }))['__type']).toBe('InvalidSignatureException')
  })
})

describe('authorization', () => {
  it("denies another account's secret in AWS's words, before it looks for it", async () => {
    const SecretId = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:theirs-a1b2c3'
    const text = (action: string) =>
      `AccessDeniedException: User: arn:aws:iam::${account}:user/developer is not authorized to perform: secretsmanager:${action} on resource: ${SecretId} because no resource-based policy allows the secretsmanager:${action} action`
    for (const action of ['GetSecretValue', 'DescribeSecret', 'DeleteSecret'])
      expect(await store.refused(action, { SecretId })).toBe(text(action))
    expect(await lastRecord()).toMatchObject({ decision: 'deny', detail: { Error: 'AccessDeniedException' } })
  })

  it('denies a user without policies everything but to ask who he is', async () => {
    const users = [{ name: 'developer', accessKeys: [developer], policies: [] }]
    const other = await new TestStore().start({ iam: parseIam(JSON.stringify({ account: '111111111111', users })) })
    const user = 'User: arn:aws:iam::111111111111:user/developer is not authorized to perform: secretsmanager:'
    expect(await other.refused('GetSecretValue', { SecretId: 'x' })).toBe(
      `AccessDeniedException: ${user}GetSecretValue on resource: x because no identity-based policy allows the secretsmanager:GetSecretValue action`,
    )
    expect(await other.refused('ListSecrets', {})).toBe(
      `AccessDeniedException: ${user}ListSecrets because no identity-based policy allows the secretsmanager:ListSecrets action`,
    )
    expect((await other.send(identity)).text).toContain('<Account>111111111111</Account>')
    await other.remove()
  })
})

const identity = {
  body: 'Action=GetCallerIdentity&Version=2011-06-15',
  headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  service: 'sts',
}

describe('GetCallerIdentity', () => {
  it('tells in XML who signed', async () => {
    const { status, text } = await store.send(identity)
    expect(status).toBe(200)
    expect(text).toMatch(
      /^<GetCallerIdentityResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/"><GetCallerIdentityResult><Arn>arn:aws:iam::000000000000:user\/developer<\/Arn><UserId>AIDA[A-Z2-7]{17}<\/UserId><Account>000000000000<\/Account>/,
    )
  })

  it('refuses in XML, under the names of the query protocol', async () => {
    const wrong = { ...developer, secretAccessKey: 'x'.repeat(20) }
    const { status, text } = await store.send({ ...identity, credentials: wrong })
    expect([status, text]).toEqual([403, expect.stringContaining('<Code>SignatureDoesNotMatch</Code>')])
    const unknown = await store.send({ ...identity, body: 'Action=GetSessionToken&Version=2011-06-15' })
    expect([unknown.status, unknown.text]).toEqual([400, expect.stringContaining('<Code>InvalidAction</Code>')])
  })
})

describe('the audit log', () => {
  it('has one record of every call: who, what, which secret, how decided, under which request id', async () => {
    const [before] = await auditTail({ ...store.database, limit: 1 })
    const found = await store.call('GetSecretValue', get)
    await store.call('GetSecretValue', { SecretId: 'nowhere' })
    await store.call('PutSecretValue', { ...get, SecretString: 'w' })
    await store.send({
      operation: 'GetSecretValue',
      body,
      credentials: { ...developer, accessKeyId: 'AKIAUNKNOWN000000001' },
    })
    await store.send({ operation: 'DropTables', body: '{}' })
    const records = await auditTail({ ...store.database, after: before?.seq ?? 0 })
    const { ARN, VersionId } = found.body
    const actor = `arn:aws:iam::${account}:user/developer`
    const action = 'secretsmanager:GetSecretValue'
    expect(records.map(({ record }) => record)).toMatchObject([
      {
        actor,
        action,
        resource: ARN,
        decision: 'allow',
        requestId: found.headers['x-amzn-requestid'],
        detail: { VersionId },
      },
      { actor, action, resource: 'nowhere', decision: 'error', detail: { Error: 'ResourceNotFoundException' } },
      { actor, action: 'secretsmanager:PutSecretValue', resource: ARN, decision: 'allow' },
      { actor: 'anonymous', action, decision: 'deny', detail: { Error: 'UnrecognizedClientException' } },
      { actor, action: 'unknown', decision: 'error', detail: { Error: 'UnknownOperationException' } },
    ])
  })

  it('keeps nothing of a SecretId that is neither a name nor an ARN: it may be a value in the wrong place', async () => {
    for (const misplaced of ['correct horse battery', '{"password":"hunter2"}', 'p'.repeat(600), 'arn:aws:kms:x']) {
      await store.refused('GetSecretValue', { SecretId: misplaced })
      expect(await lastRecord()).toMatchObject({ resource: '(invalid)', decision: 'error' })
    }
    const long = `arn:aws:secretsmanager:eu-west-1:${account}:secret:${'n'.repeat(900)}`
    await store.refused('GetSecretValue', { SecretId: long })
    expect((await lastRecord())?.resource).toBe(long.slice(0, 512))
  })

  it('verifies while the store runs', async () => {
    const [chain] = await verifyAudit({ ...store.database })
    expect(chain?.verdict).toMatchObject({ ok: true })
    expect(chain?.records).toBeGreaterThan(10)
  })

  it('is reported call by call, without its answer', async () => {
    store.reports.length = 0
    await store.call('GetSecretValue', get)
    expect(store.reports).toEqual([
      {
        requestId: expect.any(String) as string,
        action: 'secretsmanager:GetSecretValue',
        resource: 'access/one',
        actor: `arn:aws:iam::${account}:user/developer`,
        decision: 'allow',
        durationMs: expect.any(Number) as number,
      },
    ])
  })
})

describe('the server', () => {
  it('says that it lives and that it is ready, to anybody', async () => {
    for (const path of ['healthz', 'readyz']) expect((await fetch(`${store.running?.url}/${path}`)).status).toBe(200)
  })

  it('counts what it does, for Prometheus, and names no secret', async () => {
    await store.ok('GetSecretValue', get)
    const text = await (await fetch(`${store.running?.url}/metrics`)).text()
    expect(text).toMatch(
      /^keyplane_store_calls_total\{action="secretsmanager:GetSecretValue",decision="allow"\} [1-9]\d*$/m,
    )
    expect(text).toMatch(
      /^keyplane_store_call_duration_seconds_bucket\{action="secretsmanager:GetSecretValue",le="\+Inf"\} [1-9]\d*$/m,
    )
    expect(text).toMatch(/^keyplane_store_ready 1$/m)
    expect(text).not.toContain('access/one')
  })

  it('takes nothing but POST, and no endless body', async () => {
    const url = `${store.running?.url}/`
    expect((await fetch(url)).status).toBe(405)
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(524_289) })).status).toBe(413)
  })

  it('outlives callers that go away', async () => {
    const socket = connect(store.running?.port ?? 0, '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf')
    await new Promise((resolve) => socket.once('ready', resolve))
    socket.destroy()
    await store.ok('GetSecretValue', get)
  })

  it('answers though a listener of its events fails', async () => {
    const fail = () => {
      throw new Error('listener')
    }
    const other = await new TestStore().start({ onCall: fail, onChange: fail })
    await other.ok('CreateSecret', { Name: 'one', SecretString: 'v' })
    expect(other.problems).toHaveLength(2)
    await other.remove()
  })

  it('listens on loopback only', async () => {
    const open = new TestStore()
    await expect(open.start({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'config_invalid' })
    await open.remove()
  })

  it('says when its port is taken', async () => {
    const second = new TestStore()
    await expect(second.start({ port: store.running?.port ?? 0 })).rejects.toMatchObject({
      code: 'unavailable',
      message: /is in use/,
    })
    await second.remove()
  })
})
