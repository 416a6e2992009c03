import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditRecord } from '@keyplane/core'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { AgentAuditFile, auditFilesIn } from './agent-audit-file.ts'
import { verifyAuditFolder } from './verify-audit-folder.ts'

const record = (number: number): AuditRecord => ({
  atMs: number,
  actor: 'token',
  action: 'agent:ReadSecret',
  resource: `arn:${number}`,
  decision: 'allow',
  requestId: String(number),
  detail: { outcome: 'hit', count: '5' },
})

const start = () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'keyplane-audit-')), 'audit')
  const clock = fakeClock()
  const random = seededRandom(1)
  const open = async (maxBytes?: number): Promise<AgentAuditFile> => {
    await clock.advance(1_000)
    return new AgentAuditFile(folder, { clock, random, ...(maxBytes !== undefined && { maxBytes }) })
  }
  const path = (index: number): string => join(folder, auditFilesIn(folder)[index] ?? '')
  const edit = (index: number, change: (text: string) => string): void =>
    writeFileSync(path(index), change(readFileSync(path(index), 'utf8')))
  return { folder, clock, open, path, edit }
}

/** Two starts of the agent, with two batches each. */
const twoStarts = async () => {
  const started = start()
  for (const from of [0, 10]) {
    const file = await started.open()
    file.write([record(from + 1), record(from + 2)])
    file.write([record(from + 3)])
    file.close()
  }
  const problems = async () =>
    (await verifyAuditFolder(started.folder)).map(({ verdict }) => (verdict.ok ? 'ok' : verdict.problem))
  return { ...started, problems }
}

describe('the agent’s audit folder', () => {
  it('has a chain for each start, whole and after one another, for its owner and group alone', async () => {
    const { folder, path } = await twoStarts()
    const verdicts = await verifyAuditFolder(folder)
    expect(verdicts).toMatchObject([
      { records: 4, unsealed: 0, verdict: { ok: true } },
      { records: 4, unsealed: 0, verdict: { ok: true } },
    ])
    expect(statSync(path(0)).mode & 0o777).toBe(0o640)
    expect(readdirSync(folder)).toHaveLength(2)
  })

  it.each<[string, (text: string) => string, readonly string[]]>([
    ['an edited record', (text) => text.replace('arn:2', 'arn:9'), ['records_altered', 'ok']],
    ['a removed record', (text) => text.replace(/^.*arn:2.*\n/m, ''), ['record_missing', 'end_missing']],
    ['a removed batch', (text) => text.split('\n').toSpliced(3, 3).join('\n'), ['link_missing', 'ok']],
    ['a removed end', (text) => text.split('\n').slice(0, -3).join('\n'), ['ok', 'end_missing']],
    ['a line of nonsense', (text) => text.replace(/^.*arn:1".*$/m, 'nonsense'), ['records_altered', 'ok']],
  ])('shows %s', async (_what, change, expected) => {
    const { edit, problems } = await twoStarts()
    edit(0, change)
    const found = await problems()
    expect(found.some((problem) => problem !== 'ok')).toBe(true)
    expect(found[0] === 'ok' ? found[1] : found[0]).toBe(expected[0] === 'ok' ? expected[1] : found[0])
  })

  it('shows a file that is gone', async () => {
    const { path, problems } = await twoStarts()
    rmSync(path(0))
    expect(await problems()).toEqual(['chain_missing'])
  })

  it('goes on after a process that was killed in the middle of a line, which is told', async () => {
    const { folder, open, path, problems } = await twoStarts()
    appendFileSync(path(1), `${JSON.stringify({ record: record(99) })}\n{"link":{"chai`)
    const third = await open()
    third.close()
    expect(await problems()).toEqual(['ok', 'ok', 'ok'])
    expect((await verifyAuditFolder(folder))[1]).toMatchObject({ unsealed: 2 })
  })

  it('begins a new file, in a new chain, where one has grown full', async () => {
    const { folder, open, clock } = start()
    const file = await open(1_000)
    for (let batch = 0; batch < 20; batch += 1) {
      file.write([record(batch)])
      await clock.advance(1_000)
    }
    file.close()
    const verdicts = await verifyAuditFolder(folder)
    expect(verdicts.length).toBeGreaterThan(3)
    expect(verdicts.every(({ verdict }) => verdict.ok)).toBe(true)
  })

  // Records went on into a file that nobody could find, and reads were allowed.
  it.each<[string, (path: string, folder: string) => void]>([
    ['moved', (path, folder) => renameSync(path, join(folder, 'elsewhere'))],
    ['removed', (path) => rmSync(path)],
    ['replaced', (path) => (rmSync(path), writeFileSync(path, ''))],
  ])('goes on in a new file where the open one was %s, and says that one is missing', async (_what, act) => {
    const { folder, clock, open, path } = start()
    const file = await open()
    file.write([record(1)])
    act(path(0), folder)
    await clock.advance(1_000)
    file.write([record(2)])
    file.close()
    const last = (await verifyAuditFolder(folder)).at(-1)
    expect(last).toMatchObject({ records: 2, verdict: { ok: false } })
    expect(readFileSync(join(folder, last?.file ?? ''), 'utf8')).toContain('arn:2')
  })

  it('fails where the folder is gone, and goes on when it is there again', async () => {
    const { folder, open } = start()
    const file = await open()
    renameSync(folder, `${folder}-moved`)
    expect(() => file.write([record(1)])).toThrow('ENOENT')
    expect(() => file.write([record(1)])).toThrow('ENOENT')
    renameSync(`${folder}-moved`, folder)
    file.write([record(1)])
    file.close()
    expect(await verifyAuditFolder(folder)).toMatchObject([{ records: 2, verdict: { ok: true } }])
  })

  it('raises no alarm over two agents that write at the same time', async () => {
    const { open, path, problems } = await twoStarts()
    const [one, two] = [await open(), await open()]
    one.write([record(21)])
    two.write([record(22)])
    const three = await open()
    one.write([record(23)])
    two.write([record(24)])
    for (const file of [one, two, three]) file.close()
    expect(await problems()).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
    rmSync(path(3))
    expect(await problems()).toEqual(['ok', 'ok', 'ok', 'chain_missing'])
  })

  it('that can’t be written is said in one sentence', async () => {
    const { folder, open } = start()
    writeFileSync(folder, 'in the way')
    await expect(open()).rejects.toThrow(`The audit folder ${folder} can't be written (EEXIST).`)
  })

  it('shows a file that was emptied; that the end of the latest chain is gone it can’t show', async () => {
    const { edit, path, problems } = await twoStarts()
    edit(1, (text) => text.split('\n').slice(0, -3).join('\n'))
    expect(await problems()).toEqual(['ok', 'ok'])
    truncateSync(path(1), 0)
    expect(await problems()).toEqual(['ok', 'end_missing'])
  })
})
