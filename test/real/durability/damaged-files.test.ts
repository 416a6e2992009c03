import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { seededRandom } from '@keyplane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyplane } from '../../../packages/cli/test/keyplane-process.ts'
import { RealPlane } from '../start-plane.ts'
import { checkDatabase } from './check-database.ts'
import { checkWrites } from './check-writes.ts'
import type { Write } from './write-storm.ts'

/** A store with writes that a clean end put into the database, and writes that only the log holds, as a kill leaves it. */
const origin = new RealPlane()
const settled: Write[] = []
const logged: Write[] = []
const random = seededRandom(7)

const create = async (client: SecretsManagerClient, secretId: string): Promise<Write> => {
  const [versionId, value] = [secretId.padEnd(36, '-'), `${secretId} ${'v'.repeat(1_000)}`]
  await client.send(new CreateSecretCommand({ Name: secretId, ClientRequestToken: versionId, SecretString: value }))
  return { secretId, versionId, value, requestId: 'acknowledged' }
}

const write = async (name: string, into: Write[], end: NodeJS.Signals): Promise<void> => {
  await origin.start('store')
  Object.assign(process.env, origin.awsEnvironment)
  const client = new SecretsManagerClient()
  for (let count = 0; count < 20; count += 1) into.push(await create(client, `${name}-${count}`))
  client.destroy()
  await origin.stop(end)
}

beforeAll(async () => {
  await write('settled', settled, 'SIGTERM')
  await write('logged', logged, 'SIGKILL')
})
afterAll(() => origin.remove())

const database = (plane: RealPlane): string => plane.folder.at('.keyplane', 'store.sqlite')

/** A copy of it, for a test to damage. */
const copied = (): RealPlane => {
  const plane = new RealPlane()
  cpSync(origin.folder.at('.keyplane'), plane.folder.at('.keyplane'), { recursive: true })
  rmSync(plane.folder.at('.keyplane', 'running.json'))
  return plane
}

const overwrite = (path: string, at: number, length: number): void => {
  const bytes = readFileSync(path)
  bytes.set(random.bytes(Math.min(length, bytes.length - at)), at)
  writeFileSync(path, bytes)
}

const lastOf = (problems: readonly string[]): number => logged.length - problems.length

/** What such a store has to be after its start: all that was settled, and of the log a beginning without gaps. */
const expectBeginning = async (plane: RealPlane): Promise<number> => {
  await plane.start('store')
  Object.assign(process.env, plane.awsEnvironment)
  expect(await checkWrites(settled)).toEqual([])
  const lost = await checkWrites(logged)
  const there = lastOf(lost)
  expect(lost.toSorted()).toEqual(
    logged
      .slice(there)
      .map(({ versionId, secretId }) => `${versionId} of ${secretId} was acknowledged and is lost`)
      .toSorted(),
  )
  expect(await checkDatabase(database(plane))).toEqual([])
  await plane.remove()
  return there
}

describe('a store whose log was torn', () => {
  it('has everything where the log is whole', async () => {
    expect(await expectBeginning(copied())).toBe(logged.length)
  })

  it.each([1, 0.99, 0.7, 0.4, 0.1, 0])('starts with what is whole of a log that was cut: %d of it', async (part) => {
    const plane = copied()
    const log = `${database(plane)}-wal`
    truncateSync(log, Math.max(0, Math.floor(statSync(log).size * part) - 1))
    const there = await expectBeginning(plane)
    expect([there <= logged.length, there >= Math.floor(logged.length * part * 0.5)]).toEqual([true, true])
  })

  it.each([0.95, 0.5, 0.05, 0])('starts with what stands before garbage in the log: from %d on', async (part) => {
    const plane = copied()
    const log = `${database(plane)}-wal`
    overwrite(log, Math.floor(statSync(log).size * part), 10_000)
    expect(await expectBeginning(plane)).toBeLessThan(logged.length)
  })

  it('loses nothing that was settled where the log is gone', async () => {
    const plane = copied()
    for (const end of ['-wal', '-shm']) rmSync(`${database(plane)}${end}`)
    expect(await expectBeginning(plane)).toBe(0)
  })
})

/** A store that was ended cleanly: all is in the main file. */
const settledCopy = async (): Promise<RealPlane> => {
  const plane = await copied().start('store')
  await plane.stop()
  expect(readdirSync(plane.folder.at('.keyplane')).filter((name) => name.startsWith('store.'))).toEqual([
    'store.sqlite',
  ])
  return plane
}

describe('a store whose database was damaged', () => {
  it('either says so in one sentence and changes nothing, or never shows a wrong value', async () => {
    const whole = await settledCopy()
    const pages = statSync(database(whole)).size / 4_096
    let refusals = 0
    for (let page = 1; page < pages; page += Math.ceil(pages / 12)) {
      const plane = new RealPlane()
      cpSync(whole.folder.at('.keyplane'), plane.folder.at('.keyplane'), { recursive: true })
      overwrite(database(plane), page * 4_096, 4_096)
      const before = readFileSync(database(plane))
      const starting = keyplane(['store', '--port', '0', '--json'], { cwd: plane.cwd })
      const first = await starting.firstLine().catch(() => '')
      if (first === '') {
        refusals += 1
        const { code, stderr } = await starting.finished
        // Before it stands the warning that others may look into the copied folder.
        const { error } = JSON.parse(stderr.trim().split('\n').at(-1) as string) as {
          error: { code: string; message: string }
        }
        expect([code, error.code, error.message]).toEqual([6, 'integrity', expect.stringContaining('is damaged')])
        expect(readFileSync(database(plane)).equals(before)).toBe(true)
      } else {
        Object.assign(process.env, plane.awsEnvironment)
        const problems = await checkWrites([...settled, ...logged])
        expect(problems.filter((problem) => problem.includes('another value'))).toEqual([])
        await starting.stop()
      }
      plane.folder.remove()
    }
    console.log(`${refusals} refusals to start on a damaged page`)
    expect(refusals).toBeGreaterThan(0)
    await whole.remove()
  })
})
