import { systemClock, systemRandom, TextValue } from '@keyplane/core'
import { type OpenBaoClient, openBaoClient } from '@keyplane/openbao'
import { openbaoJournal, randomPasswordRotator, rotationEngine } from '@keyplane/rotation'
import { describeRotationJournal, memoryVersions } from '@keyplane/rotation/testing'
import { fakeClock } from '@keyplane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tokenFor } from '../openbao/bao-roles.ts'
import { BaoServer } from '../openbao/bao-server.ts'

const bao = new BaoServer()
const clients: OpenBaoClient[] = []
let folders = 0
beforeAll(() => bao.startDev())
afterAll(async () => {
  for (const client of clients) await client.close()
  await bao.remove()
})

const clientBy = (token: string): OpenBaoClient => {
  const client = openBaoClient({ endpoints: [bao.endpoint], auth: { method: 'token', token } })
  clients.push(client)
  return client
}

describeRotationJournal(
  'OpenBao',
  async () => {
    const clock = fakeClock()
    const folder = `journal/${(folders += 1)}`
    const [journal, other] = [0, 1].map(() => openbaoJournal({ client: clientBy(bao.rootToken), folder, clock }))
    return { journal: journal ?? expect.unreachable(), other: other ?? expect.unreachable(), clock }
  },
  { describe, it },
)

/** What the documentation asks for. */
const policy = `
path "secret/data/keyplane/rotations/*" { capabilities = ["create", "read", "update"] }
path "secret/metadata/keyplane/rotations/" { capabilities = ["list"] }
`
const entry = async (): Promise<string> => {
  const { data } = await bao.done('GET', 'secret/metadata/keyplane/rotations?list=true')
  const [name = ''] = (data as { readonly keys: readonly string[] }).keys
  return `secret/data/keyplane/rotations/${name}`
}

describe('a journal in OpenBao', () => {
  const secretId = 'prod/päss / word'

  it('lets one of several processes rotate, by the rights that the documentation names, and keeps no value', async () => {
    await bao.done('PUT', 'sys/policies/acl/journal', { policy })
    const token = await tokenFor(bao, { policies: ['journal'] })
    const versions = memoryVersions({ versionId: 'v0', value: new TextValue('canary-of-v0') })
    const engines = [0, 1, 2].map(() =>
      rotationEngine({
        journal: openbaoJournal({ client: clientBy(token), clock: systemClock }),
        versions,
        rotators: [randomPasswordRotator({ random: systemRandom })],
        clock: systemClock,
        random: systemRandom,
      }),
    )
    const [engine] = engines
    await engine?.begin({ secretId, rotator: 'random-password' })
    const advances = await Promise.all(engines.map((each) => each.advance(secretId)))
    // Who comes when it has ended is told so.
    expect(new Set(advances.map(({ status }) => status))).toContain('ended')
    expect([...versions.values.keys()]).toHaveLength(2)
    expect((await versions.current()).value.reveal()).not.toBe('canary-of-v0')
    const kept = JSON.stringify(await bao.done('GET', await entry()))
    expect(kept).toContain('finished')
    for (const value of versions.values.values()) expect(kept).not.toContain(value.reveal())
  })

  it('tells of an entry that is damaged, and goes on with none', async () => {
    const journal = openbaoJournal({ client: clientBy(bao.rootToken), clock: systemClock })
    await bao.done('POST', await entry(), { data: { secretId, fence: 'many' } })
    for (const ask of [
      () => journal.load(secretId),
      () => journal.lease(secretId, 'one', 1_000),
      () => journal.due(0, 1),
    ])
      await expect(ask()).rejects.toMatchObject({ code: 'integrity', reason: 'damaged_record' })
  })

  it('tells an entry that somebody deleted from one that never was', async () => {
    const journal = openbaoJournal({ client: clientBy(bao.rootToken), clock: systemClock })
    await bao.done('DELETE', await entry())
    await expect(journal.load(secretId)).rejects.toMatchObject({ code: 'secret_deleted' })
    expect(await journal.load('another')).toBeUndefined()
  })
})
