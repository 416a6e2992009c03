import { fileURLToPath } from 'node:url'
import { ScratchServer } from '../../test/real/postgres/scratch-server.ts'
import { type Environment, runNode } from '../children.ts'
import { measured, notMeasured, type Row, yardstick } from '../row.ts'
import type { BenchOptions } from '../run.ts'
import type { KillStormFindings } from './kill-storm.ts'

/** How many times a store is killed on each engine. */
const wantedKills = Number(process.env['KEYPLANE_KILLS'] ?? 1_000)
const program = fileURLToPath(new URL('./kill-storm.ts', import.meta.url))

const storm = async (env: Environment): Promise<KillStormFindings> => {
  const printed = await runNode({
    args: [program, String(wantedKills)],
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env,
    // A kill takes a start.
    timeoutMs: 60_000 + wantedKills * 6_000,
  })
  return JSON.parse(printed.trim().split('\n').at(-1) ?? '') as KillStormFindings
}

const rowsOf = ({ engine, kills, acknowledged, lost, broken, unsound, seconds }: KillStormFindings): Row[] => [
  measured({ id: `${engine}.kills`, what: `kill -9 in a write storm, ${engine}`, unit: 'kills' }, kills, {
    atLeast: 1_000,
  }),
  measured({ id: `${engine}.lost`, what: 'acknowledged writes that are gone', unit: 'writes' }, lost, { atMost: 0 }),
  measured({ id: `${engine}.broken`, what: 'versions that do not open', unit: 'versions' }, broken, { atMost: 0 }),
  measured({ id: `${engine}.unsound`, what: 'databases or audit logs that do not hold', unit: '' }, unsound, {
    atMost: 0,
  }),
  yardstick(
    { id: `${engine}.acknowledged`, what: 'writes that were acknowledged before a kill', unit: 'writes' },
    acknowledged,
  ),
  yardstick({ id: `${engine}.time`, what: 'all of it', unit: 's' }, seconds),
]

/** Stores that are killed while they write, on each engine: none may lose what it has acknowledged. */
export const benchDurability = async (_options: BenchOptions): Promise<readonly Row[]> => {
  const sqlite = rowsOf(await storm({}))
  const server = await ScratchServer.start().catch((error: unknown) => String(error))
  if (typeof server === 'string')
    return [
      ...sqlite,
      notMeasured(
        { id: 'postgres.kills', what: 'kill -9 in a write storm, postgres', unit: 'kills' },
        '≥ 1000 kills',
        server,
      ),
    ]
  try {
    return [...sqlite, ...rowsOf(await storm({ KEYPLANE_TEST_POSTGRES: server.url() }))]
  } finally {
    await server.stop()
  }
}
