import { openbaoProvider } from '@keyplane/providers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BaoServer } from './bao-server.ts'
import { appRole } from './bao-roles.ts'

const server = new BaoServer()
const ids = Array.from({ length: 1_200 }, (_, index) => `allowed/many/${index}`)
beforeAll(async () => {
  await server.startDev()
  for (const id of ids) await server.done('POST', `secret/data/${id}`, { data: { value: 'x' } })
  await server.done('POST', 'secret/data/allowed/many/7', { data: { value: 'y' } })
  await server.done('DELETE', 'secret/data/allowed/many/8')
  await server.done('DELETE', 'secret/metadata/allowed/many/9')
}, 60_000)
afterAll(() => server.remove())

const listing = 'path "secret/detailed-metadata/allowed/*" { capabilities = ["list"] }'

describe('how twelve hundred secrets of one folder stand', () => {
  it.each([
    // The one that is gone is asked for by itself.
    { may: 'list its metadata', policies: ['keyplane', 'listing'], folderCalls: 2, singleCalls: 1 },
    { may: 'read only each one’s', policies: ['keyplane'], folderCalls: 1, singleCalls: 1_200 },
  ])('is told to who may $may', async ({ policies, folderCalls, singleCalls }) => {
    await server.done('PUT', 'sys/policies/acl/listing', { policy: listing })
    const role = await appRole(server, `role-${policies.length}`, { token_policies: policies })
    const provider = openbaoProvider({ endpoints: [server.endpoint], auth: { method: 'approle', ...role } })
    const calls = (): readonly [number, number] => {
      const lines = server.auditLog.split('\n').filter((line) => line.includes('"type":"request"'))
      const count = (part: string): number => lines.filter((line) => line.includes(`"path":"secret/${part}`)).length
      return [count('detailed-metadata/allowed/many'), count('metadata/allowed/many/')]
    }
    const [foldersBefore, singlesBefore] = calls()
    const outcomes = (await provider.state?.describe(ids.map((id) => ({ id })))) ?? []
    const [folders, singles] = calls()
    expect([folders - foldersBefore, singles - singlesBefore]).toEqual([folderCalls, singleCalls])
    const versions = outcomes.map((outcome) =>
      outcome.ok ? [...outcome.value.versions.keys()].join() : outcome.error.code,
    )
    expect(versions.filter((version) => version === '1')).toHaveLength(1_197)
    expect([versions[7], versions[8], versions[9]]).toEqual(['1,2', '', 'secret_not_found'])
    await provider.close?.()
  })

  it('is told of few of them without the list, after one look', async () => {
    const auth = { method: 'token', token: server.rootToken } as const
    const provider = openbaoProvider({ endpoints: [server.endpoint], auth })
    const lists = (): number => server.auditLog.split('"path":"secret/detailed-metadata/allowed/many').length
    const before = lists()
    const few = ids.slice(100, 105).map((id) => ({ id }))
    for (const _ of ['first', 'second'])
      expect((await provider.state?.describe(few))?.map(({ ok }) => ok)).toEqual([true, true, true, true, true])
    // A request and its answer are a line each.
    expect(lists() - before).toBe(2)
    await provider.close?.()
  })
})
