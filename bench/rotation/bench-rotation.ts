import { ScratchServer } from '../../test/real/postgres/scratch-server.ts'
import { ScratchRedis } from '../../test/real/redis/scratch-redis.ts'
import { type Kind, overlaps, type RotatedServer } from '../../test/real/rotation/rotated-user.ts'
import { type ClientName, logInThroughRotations } from '../../test/real/rotation/login-load.ts'
import { measured, notMeasured, type Row, yardstick } from '../row.ts'
import type { BenchOptions } from '../run.ts'
import { median } from '../statistics.ts'
import { type CutFindings, cutReplies } from './cut-replies.ts'
import { type KillFindings, killRotations } from './kill-rotations.ts'
import { placesFor } from './places.ts'
import { rotationCost } from './rotation-cost.ts'

const rotated: readonly Kind[] = ['one user', 'two users']
const nameOf = (kind: Kind): string => kind.replaceAll(' ', '-')

const never = (id: string, what: string, count: number): Row => measured({ id, what, unit: '' }, count, { atMost: 0 })

/** What has to hold whatever happens to rotations. */
const goalsOf = (id: string, found: Pick<KillFindings, 'none' | 'unfinished' | 'unsound'>): Row[] => [
  never(`${id}.none`, 'moments in which no stored credential was accepted', found.none),
  never(`${id}.unfinished`, 'runs that did not end by themselves', found.unfinished),
  never(`${id}.unsound`, 'runs after which not exactly one version was current', found.unsound),
]

const killRows = (kind: Kind, runs: number, found: KillFindings): Row[] => {
  const id = `${nameOf(kind)}.kill`
  const places = placesFor(kind).length
  const what = `${kind}: kill -9 of processes at each of ${places} places, the fewest`
  const note = `${found.kills} processes, each with rotations at every place that had not seen so many, and ${found.runs} rotations that died there.`
  const resume = 'the longest from a kill to the end of its rotation'
  const resumeNote = 'The killed process had a lease of 1 s, and another process has to start.'
  return [
    measured({ id, what, unit: 'kills', note }, found.fewest, { atLeast: runs }),
    ...goalsOf(id, found),
    ...(overlaps(kind)
      ? [never(`${id}.current`, 'moments in which the current one was refused', found.notCurrent)]
      : []),
    ...(kind === 'a user with two passwords'
      ? [never(`${id}.left`, 'old credentials that were accepted after they were retired', found.left)]
      : []),
    yardstick({ id: `${id}.logins`, what: 'logins meanwhile', unit: 'logins' }, found.logins),
    yardstick({ id: `${id}.resume`, what: resume, unit: 'ms', note: resumeNote }, found.longestResumeMs),
    yardstick({ id: `${id}.time`, what: 'all of it', unit: 's' }, found.seconds),
  ]
}

const cutRows = (kind: Kind, isTakenBack: boolean, wanted: number, found: CutFindings): Row[] => {
  const id = `${nameOf(kind)}.${isTakenBack ? 'cut-revert' : 'cut-set'}`
  const what = `${kind}: ${isTakenBack ? 'taken back' : 'set'} at the target, and the reply cut`
  return [measured({ id, what, unit: 'runs' }, found.cuts, { atLeast: wanted }), ...goalsOf(id, found)]
}

/** By whom logins are counted: with two users in turn a client that merely reads is refused nothing either. */
const clientsOf: Readonly<Partial<Record<Kind, readonly (readonly [string, ClientName, number])[]>>> = {
  'one user': [['load', 'withSecret, cached for an hour', 500]],
  'two users': [
    ['load', 'withSecret, cached for an hour', 500],
    ['plain-load', 'read for each login', 500],
    ['cached-load', 'read, cached for half a second', 1_500],
  ],
}

const loadRows = async (
  server: ScratchServer,
  kind: Kind,
  [name, client, everyMs]: readonly [string, ClientName, number],
): Promise<Row[]> => {
  const rotations = 10
  const id = `${nameOf(kind)}.${name}`
  const user = id.replaceAll(/\W/g, '_')
  const { failures, waitsMs } = await logInThroughRotations({
    server,
    kind,
    client,
    user,
    rotations,
    everyMs,
    loginsPerSecond: 100,
  })
  const what = `${kind}: logins that failed, at 100/s through ${rotations} rotations`
  const note = `${waitsMs.length} logins; the credential: ${client}; ${everyMs} ms from one rotation to the next.`
  return [
    measured({ id, what, unit: 'logins', note }, failures.length, { atMost: 0 }),
    yardstick({ id: `${id}.longest`, what: 'the longest wait of a login', unit: 'ms' }, Math.max(...waitsMs)),
    yardstick({ id: `${id}.median`, what: 'its median', unit: 'ms' }, median(waitsMs)),
  ]
}

const costRows = async (kind: Kind): Promise<Row[]> => {
  const { connections, statements, journalWrites, medianMs } = await rotationCost(kind)
  const id = `${nameOf(kind)}.cost`
  return [
    yardstick({ id: `${id}.time`, what: `${kind}: a rotation that nothing holds up, median`, unit: 'ms' }, medianMs),
    yardstick({ id: `${id}.connections`, what: 'connections to the target', unit: '' }, connections),
    yardstick({ id: `${id}.statements`, what: 'statements at the target', unit: '' }, statements),
    yardstick({ id: `${id}.journal`, what: 'writes to the journal, of leases too', unit: '' }, journalWrites),
  ]
}

const progress = (what: string): void => void process.stderr.write(`${what}\n`)

/** One after the other: times are measured. */
const calmRows = async (server: ScratchServer, kind: Kind): Promise<Row[]> => {
  progress(`${kind}: the cost of a rotation`)
  const cost = await costRows(kind)
  progress(`${kind}: logins through rotations`)
  const loads: Row[] = []
  for (const load of clientsOf[kind] ?? []) loads.push(...(await loadRows(server, kind, load)))
  return [...cost, ...loads]
}

/** All kinds at once. */
const stormRows = async (server: ScratchServer, kind: Kind, runs: number): Promise<Row[]> => {
  const rows: Row[] = []
  for (const isTakenBack of [false, true]) {
    progress(`${kind}: replies that are cut`)
    rows.push(...cutRows(kind, isTakenBack, runs, await cutReplies(server, { kind, isTakenBack, runs })))
  }
  return [...rows, ...killRows(kind, runs, await killRotations(server, kind, runs))]
}

/** The one whose old credential is taken away where it is retired. */
const redisRows = async (runs: number): Promise<Row[]> => {
  const kind: Kind = 'a user with two passwords'
  const server: RotatedServer | string = await ScratchRedis.start().catch((error: unknown) => String(error))
  if (typeof server === 'string')
    return [notMeasured({ id: 'redis', what: 'rotations of a real Redis', unit: '' }, 'all of them', server)]
  try {
    return killRows(kind, runs, await killRotations(server, kind, runs))
  } finally {
    await server.stop()
  }
}

/** Rotations of a real PostgreSQL's and a real Redis's users that are killed, cut off and used all the while: no login may ever be lost. */
export const benchRotation = async ({ runs }: BenchOptions): Promise<readonly Row[]> => {
  const server = await ScratchServer.start().catch((error: unknown) => String(error))
  if (typeof server === 'string')
    return [notMeasured({ id: 'rotation', what: 'rotations of a real PostgreSQL', unit: '' }, 'all of them', server)]
  try {
    const calm: Row[] = []
    for (const kind of rotated) calm.push(...(await calmRows(server, kind)))
    const storms = [...rotated.map((kind) => stormRows(server, kind, runs)), redisRows(runs)]
    return [...calm, ...(await Promise.all(storms)).flat()]
  } finally {
    await server.stop()
  }
}
