import * as kms from '@aws-sdk/client-kms'
import { auditTail } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow, deny, KmsStore, owner, policy, rootAnd, stranger, userArn } from './kms-store.ts'

const tested = new KmsStore()
let admin: kms.KMSClient
beforeAll(async () => {
  await tested.start(
    { grantee: [], other: [], banned: [policy(deny('kms:RetireGrant'))], tags: [policy(allow('kms:CreateGrant'))] },
    { foreign: [policy(allow('kms:*'))], bystander: [] },
  )
  admin = tested.as('admin')
})
afterAll(() => tested.remove())

const denied = { name: 'AccessDeniedException' }
const notValid = { name: 'InvalidGrantIdException' }
const newKey = async (Policy?: string): Promise<string> =>
  (await admin.send(new kms.CreateKeyCommand({ ...(Policy && { Policy }) }))).KeyMetadata?.Arn ?? ''
type GrantInput = Omit<kms.CreateGrantCommandInput, 'KeyId' | 'GranteePrincipal'> & { readonly to?: string }
const grant = (KeyId: string, by: kms.KMSClient, { to = userArn('grantee'), ...input }: GrantInput) =>
  by.send(new kms.CreateGrantCommand({ KeyId, GranteePrincipal: to, ...input }))
const grantsOf = async (KeyId: string) => (await admin.send(new kms.ListGrantsCommand({ KeyId }))).Grants ?? []

describe('who may make grants by a grant alone', () => {
  it('hands on no more operations than one grant gives', async () => {
    const key = await newKey()
    await grant(key, admin, { Operations: ['CreateGrant', 'Encrypt'] })
    await grant(key, admin, { Operations: ['Decrypt'] })
    const grantee = tested.as('grantee')
    for (const Operations of [['Decrypt'], ['Encrypt', 'Decrypt'], ['Encrypt', 'RetireGrant']] as const)
      await expect(grant(key, grantee, { Operations: [...Operations] })).rejects.toMatchObject(denied)
    await expect(grant(key, grantee, { Operations: ['Encrypt', 'CreateGrant'] })).resolves.toBeTruthy()
  })

  it('hands it on under constraints that are as strict', async () => {
    const grantee = tested.as('grantee')
    const may = async (parent: kms.GrantConstraints | undefined, child: kms.GrantConstraints | undefined) => {
      const key = await newKey()
      await grant(key, admin, { Operations: ['CreateGrant', 'Decrypt'], Constraints: parent })
      const made = grant(key, grantee, { Operations: ['Decrypt'], Constraints: child, to: userArn('other') })
      return made.then(
        () => true,
        ({ name }: Error) => name !== 'AccessDeniedException',
      )
    }
    const [a, ab] = [{ a: '1' }, { a: '1', b: '2' }]
    expect(await may({ EncryptionContextSubset: a }, undefined)).toBe(false)
    expect(await may({ EncryptionContextSubset: a }, { EncryptionContextSubset: { a: '2' } })).toBe(false)
    expect(await may({ EncryptionContextSubset: ab }, { EncryptionContextSubset: a })).toBe(false)
    expect(await may({ EncryptionContextSubset: a }, { EncryptionContextSubset: ab })).toBe(true)
    expect(await may({ EncryptionContextSubset: a }, { EncryptionContextEquals: ab })).toBe(true)
    expect(await may({ EncryptionContextEquals: a }, { EncryptionContextSubset: a })).toBe(false)
    expect(await may({ EncryptionContextEquals: a }, { EncryptionContextEquals: ab })).toBe(false)
    expect(await may({ EncryptionContextEquals: a }, { EncryptionContextEquals: a })).toBe(true)
    expect(await may(undefined, { EncryptionContextEquals: a })).toBe(true)
  })

  it('is held to the grant too where that is to his account, and freed of it by the key’s policy', async () => {
    const key = await newKey()
    await grant(key, admin, { Operations: ['CreateGrant', 'Encrypt'], to: `arn:aws:iam::${stranger}:root` })
    const foreign = tested.as('foreign')
    const to = userArn('foreign', stranger)
    await expect(grant(key, foreign, { Operations: ['Decrypt'], to })).rejects.toMatchObject(denied)
    await expect(grant(key, foreign, { Operations: ['Encrypt'], to })).resolves.toBeTruthy()
    const open = await newKey(rootAnd(allow('kms:CreateGrant', { Principal: { AWS: userArn('grantee') } })))
    await expect(grant(open, tested.as('grantee'), { Operations: ['Decrypt'] })).resolves.toBeTruthy()
  })
})

describe('a grant that ends', () => {
  it('lets no grant be made of it from then on, also not one that was judged before', async () => {
    const [parent, child] = [userArn('grantee'), userArn('other')]
    for (let round = 0; round < 8; round += 1) {
      const KeyId = await newKey()
      const { GrantId } = await grant(KeyId, admin, { Operations: ['CreateGrant', 'Encrypt'], to: parent })
      const grantee = tested.as('grantee')
      const make = () => grant(KeyId, grantee, { Operations: ['Encrypt'], to: child })
      const calls = [make(), make(), admin.send(new kms.RevokeGrantCommand({ KeyId, GrantId })), make(), make()]
      const refused = (await Promise.allSettled(calls)).flatMap((call) =>
        call.status === 'rejected' ? [(call.reason as Error).name] : [],
      )
      expect(new Set([...refused, 'AccessDeniedException', 'KMSInvalidStateException']).size).toBe(2)
      // The audit log is in the order of the commits.
      const records = (await auditTail({ ...tested.store.database, limit: 5 })).map(({ record }) => record)
      const ended = records.findIndex(({ action }) => action === 'kms:RevokeGrant')
      expect(records.slice(ended + 1).filter(({ decision }) => decision === 'allow')).toEqual([])
    }
  })
})

describe('a grant of a name', () => {
  it('is one, asked for twice at once', async () => {
    const key = await newKey()
    const made = await Promise.all(
      Array.from({ length: 8 }, () => grant(key, admin, { Operations: ['Decrypt'], Name: 'once' })),
    )
    expect(new Set(made.map(({ GrantId }) => GrantId)).size).toBe(1)
    expect(await grantsOf(key)).toHaveLength(1)
  })
})

describe('the end of a grant', () => {
  const retirable = async (input: Partial<GrantInput> = {}) => {
    const key = await newKey()
    const { GrantToken } = await grant(key, admin, { Operations: ['Decrypt'], to: userArn('other'), ...input })
    return { key, retire: (name: string) => tested.as(name).send(new kms.RetireGrantCommand({ GrantToken })) }
  }

  it('is its retiring principal’s and its grantee’s to say, by no policy of their own', async () => {
    const one = await retirable({ RetiringPrincipal: userArn('grantee') })
    await expect(one.retire('other')).rejects.toMatchObject(denied)
    await one.retire('grantee')
    expect(await grantsOf(one.key)).toEqual([])
    const two = await retirable({ Operations: ['Decrypt', 'RetireGrant'] })
    await two.retire('other')
    expect(await grantsOf(two.key)).toEqual([])
  })

  it('is not theirs against a Deny, and no other grantee’s', async () => {
    const one = await retirable({ RetiringPrincipal: userArn('banned') })
    await expect(one.retire('banned')).rejects.toMatchObject(denied)
    await grant(one.key, admin, { Operations: ['RetireGrant', 'Encrypt'] })
    await expect(one.retire('grantee')).rejects.toMatchObject(denied)
    expect(await grantsOf(one.key)).toHaveLength(2)
    await one.retire('admin')
    expect(await grantsOf(one.key)).toHaveLength(1)
  })
})

describe('the id of a grant', () => {
  it('ends no grant of another key', async () => {
    const [mine, theirs] = [await newKey(), await newKey()]
    const { GrantId } = await grant(theirs, admin, { Operations: ['Decrypt'] })
    await expect(admin.send(new kms.RevokeGrantCommand({ KeyId: mine, GrantId }))).rejects.toMatchObject(notValid)
    await expect(admin.send(new kms.RetireGrantCommand({ KeyId: mine, GrantId }))).rejects.toMatchObject(notValid)
    expect(await grantsOf(theirs)).toHaveLength(1)
  })
})

describe('whom a grant is for', () => {
  const toNobody = (given: string) => ({
    name: 'InvalidArnException',
    message: `ARN does not refer to a valid principal: ${given}`,
  })

  it('is the ARN of an account, a user, a role or a session', async () => {
    const key = await newKey()
    const wrong = ['nonsense', owner, 's3.amazonaws.com', key, `arn:aws:iam::${owner}:group/a`, `${userArn('a')}:b`]
    for (const to of wrong) {
      await expect(grant(key, admin, { Operations: ['Decrypt'], to })).rejects.toMatchObject(toNobody(to))
      await expect(grant(key, admin, { Operations: ['Decrypt'], RetiringPrincipal: to })).rejects.toMatchObject(
        toNobody(to),
      )
    }
    expect(await grantsOf(key)).toEqual([])
    const iam = `arn:aws:iam::${owner}`
    const sts = `arn:aws:sts::${owner}`
    const right = [`${iam}:root`, `${iam}:role/a/b`, `${sts}:assumed-role/b/c`, `${sts}:federated-user/d`]
    for (const to of right) await grant(key, admin, { Operations: ['Decrypt'], to, RetiringPrincipal: to })
    expect(new Set((await grantsOf(key)).map(({ GranteePrincipal }) => GranteePrincipal))).toEqual(new Set(right))
  })
})

describe('a key with many grants', () => {
  const Plaintext = new TextEncoder().encode('x')
  const encrypt = (KeyId: string, name: string) => tested.as(name).send(new kms.EncryptCommand({ KeyId, Plaintext }))

  // Each use of the key read all of them.
  it('is used without a look at those that do not decide', async () => {
    const key = await newKey()
    for (const to of ['grantee', 'other', 'admin'].map((name) => userArn(name)))
      await grant(key, admin, { Operations: ['Encrypt'], to })
    await grant(key, admin, { Operations: ['Decrypt'] })
    const unreadable = async (where: string) => {
      await tested.store.data.rows(`update kms_grants set constraints = '{' where ${where}`)
    }
    await unreadable(`grantee = '${userArn('other')}' or operations = '["Decrypt"]'`)
    await expect(encrypt(key, 'grantee')).resolves.toBeTruthy()
    await expect(encrypt(key, 'admin')).resolves.toBeTruthy()
    await expect(encrypt(key, 'other')).rejects.toMatchObject({ name: 'KMSInternalException' })
    await unreadable(`grantee = '${userArn('admin')}'`)
    await expect(encrypt(key, 'admin')).resolves.toBeTruthy()
    await tested.store.data.rows('delete from kms_grants')
  })

  it('gets fifty thousand at most', async () => {
    const key = await newKey()
    await grant(key, admin, { Operations: ['Decrypt'], Name: 'first' })
    await tested.store.data.rows(`insert into kms_grants
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 49999)
      select 'many' || i, key_id, grantee, retiring, operations, constraints, '', issued_by, created_at_ms
      from kms_grants, n where name = 'first'`)
    await expect(grant(key, admin, { Operations: ['Decrypt'] })).rejects.toMatchObject({
      name: 'LimitExceededException',
    })
    await expect(grant(key, admin, { Operations: ['Decrypt'], Name: 'first' })).resolves.toBeTruthy()
    await tested.store.data.rows("delete from kms_grants where grant_id = 'many1'")
    await expect(grant(key, admin, { Operations: ['Decrypt'] })).resolves.toBeTruthy()
    await tested.store.data.rows('delete from kms_grants')
  })
})

describe('a grant in the audit log', () => {
  it('names the grant, whom it is for and what it allows', async () => {
    const key = await newKey()
    const { GrantId } = await grant(key, admin, { Operations: ['Decrypt', 'Encrypt'] })
    await admin.send(new kms.RevokeGrantCommand({ KeyId: key, GrantId }))
    const records = await auditTail({ ...tested.store.database, limit: 2 })
    expect(records.map(({ record: { action, resource, detail } }) => ({ action, resource, detail }))).toEqual([
      {
        action: 'kms:CreateGrant',
        resource: key,
        detail: { Grantee: userArn('grantee', owner), Operations: 'Decrypt,Encrypt', GrantId },
      },
      { action: 'kms:RevokeGrant', resource: key, detail: { GrantId } },
    ])
  })
})
