import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock, systemRandom } from '@keyplane/core'
import { type RotationJournal, rotationEngine } from '@keyplane/rotation'
import { memoryVersions } from '@keyplane/rotation/testing'
import { ScratchServer } from '../../test/real/postgres/scratch-server.ts'
import { journalFile } from '../../test/real/rotation/journal-file.ts'
import { type Kind, kinds, makeUser, superuserOf } from '../../test/real/rotation/rotated-user.ts'
import { median } from '../statistics.ts'

/** What one rotation takes where nothing fails and nobody waits. */
export interface RotationCost {
  readonly connections: number
  readonly statements: number
  readonly journalWrites: number
  readonly medianMs: number
}

const secretId = 'prod/db'
const rounds = 20

/** Counts what writes, the lease's row included. */
const countingWrites = (
  journal: RotationJournal,
): { readonly journal: RotationJournal; readonly count: () => number } => {
  let writes = 0
  const counted =
    <A extends readonly unknown[], R>(act: (...args: A) => R) =>
    (...args: A): R => {
      writes += 1
      return act(...args)
    }
  const counting: RotationJournal = {
    load: (id) => journal.load(id),
    due: (...due) => journal.due(...due),
    lease: counted((...lease) => journal.lease(...lease)),
    renew: counted((...renewed) => journal.renew(...renewed)),
    release: counted((lease) => journal.release(lease)),
    write: counted((...written) => journal.write(...written)),
  }
  return { journal: counting, count: () => writes }
}

const measure = async (server: ScratchServer, kind: Kind, written: RotationJournal): Promise<RotationCost> => {
  const versions = memoryVersions({ versionId: 'v0', value: await makeUser(server, kind.replaceAll(/\W/g, '')) })
  const rotator = kinds[kind]({ admin: superuserOf(server), timeoutMs: 5_000 })
  const { journal, count } = countingWrites(written)
  const engine = rotationEngine({ journal, versions, rotators: [rotator], clock: systemClock, random: systemRandom })
  const rotate = async (): Promise<number> => {
    const startedMs = performance.now()
    await engine.begin({ secretId, rotator: rotator.name })
    await engine.advance(secretId)
    return performance.now() - startedMs
  }
  // The first one makes the second user.
  await rotate()
  const [askedBefore, writesBefore] = [await askedOf(server), count()]
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) times.push(await rotate())
  const asked = await askedOf(server)
  return {
    connections: (asked.connections - askedBefore.connections) / rounds,
    statements: (asked.statements - askedBefore.statements) / rounds,
    journalWrites: (count() - writesBefore) / rounds,
    medianMs: median(times),
  }
}

/** What the server was asked by now, as its log tells. */
const askedOf = async (server: ScratchServer) => {
  await wait(500)
  const folder = join(server.data, 'log')
  const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
  const those = (what: RegExp): number => lines.filter((line) => what.test(line)).length
  return {
    connections: those(/LOG: {2}connection received/),
    statements: those(/LOG: {2}(?:statement|execute [^:]+):/),
  }
}

/** Rotations of a user on a server of their own, which writes down what it is asked, with the journal in a file. */
export const rotationCost = async (kind: Kind): Promise<RotationCost> => {
  const server = await ScratchServer.start({
    settings: ['logging_collector=on', 'log_directory=log', 'log_connections=on', 'log_statement=all'],
  })
  const folder = mkdtempSync(join(tmpdir(), 'rotation-cost-'))
  const file = await journalFile(join(folder, 'rotation.db'))
  try {
    return await measure(server, kind, file.journal)
  } finally {
    await file.close()
    rmSync(folder, { recursive: true })
    await server.stop()
  }
}
