import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../built.ts'
import { runNode } from '../children.ts'
import { measured, notMeasured, type Row, yardstick } from '../row.ts'
import { type BenchStore, startBenchStore } from './bench-store.ts'
import type { Measurements } from './in-process.ts'
import { timeImports } from './imports.ts'

const here = join(root, 'bench/library')
const peers = join(root, 'bench/peers')

/** Every figure of the library's specification, with its peers in the same run. */
export const benchLibrary = async (): Promise<readonly Row[]> => {
  if (!existsSync(join(peers, 'node_modules')))
    execFileSync('npm', ['ci', '--prefix', peers, '--prefer-offline'], { stdio: 'inherit' })
  const store = await startBenchStore()
  try {
    const times = JSON.parse(
      await runNode({ args: [join(here, 'in-process.ts')], cwd: here, env: store.env }),
    ) as Measurements
    return [
      ...readRows(times),
      ...(await memoryRows(store)),
      ...refreshRows(times),
      ...freshRows(times),
      ...importRows(await timeImports()),
      ...maskingRows(times),
    ]
  } finally {
    await store.stop()
  }
}

const at = (times: Readonly<Record<string, number>>, name: string): number => times[name] ?? Number.NaN

const readRows = ({ sync, cached, environment }: Measurements): Row[] => {
  const own = at(cached, 'getSecret')
  const syncFacts = { id: 'get-sync', what: 'getSecretSync, cached', unit: 'µs' }
  const ratio = (peer: string): number => at(cached, peer) / own
  return [
    sync
      ? measured(syncFacts, at(sync, 'getSecretSync'), { atMost: 0.25 })
      : notMeasured(syncFacts, '≤ 0.25 µs', 'the library has no getSecretSync yet'),
    measured({ id: 'get-cached', what: 'await getSecret, cached (aws)', unit: 'µs' }, own, { atMost: 1 }),
    yardstick({ id: 'await', what: 'await of a promise that is resolved', unit: 'µs' }, at(cached, 'resolved')),
    yardstick({ id: 'powertools-cached', what: 'powertools get, cached', unit: 'µs' }, at(cached, 'powertools')),
    yardstick({ id: 'middy-cached', what: 'middy secrets-manager, cached', unit: 'µs' }, at(cached, 'middy')),
    measured({ id: 'get-powertools', what: 'faster than powertools', unit: '×' }, ratio('powertools'), { atLeast: 3 }),
    measured({ id: 'get-middy', what: 'faster than middy', unit: '×' }, ratio('middy'), { atLeast: 3 }),
    measured(
      { id: 'get-env', what: 'await getSecret, from the environment', unit: 'µs' },
      at(environment, 'getSecret'),
      {
        atMost: 1,
      },
    ),
    measured({ id: 'json-cached', what: 'getSecretJson, cached', unit: 'µs' }, at(cached, 'getSecretJson'), {
      atMost: 1.5,
    }),
    yardstick({ id: 'powertools-json', what: 'powertools get json, cached', unit: 'µs' }, at(cached, 'powertoolsJson')),
    measured(
      { id: 'list-env', what: 'listSecrets, environment of 100 keys', unit: 'µs' },
      at(environment, 'listSecrets'),
      {
        atMost: 20,
      },
    ),
  ]
}

const memoryRows = async ({ env }: BenchStore): Promise<Row[]> => {
  const kilobytes = async (scenario: string): Promise<number> => {
    const args = ['--expose-gc', join(here, 'memory.ts'), scenario]
    return Number(await runNode({ args, cwd: here, env })) / 1_024
  }
  const unit = 'KB'
  const note = 'heap and external memory after a collection'
  return [
    measured({ id: 'memory-env', what: 'memory, env provider', unit, note }, await kilobytes('env'), { atMost: 1 }),
    yardstick(
      { id: 'memory-manager', what: 'memory, a manager over it, once used', unit, note: managerNote },
      await kilobytes('manager'),
    ),
    measured({ id: 'memory-idle', what: 'memory, aws and its manager, idle', unit }, await kilobytes('idle'), {
      atMost: 10,
    }),
    measured(
      { id: 'memory-100', what: 'memory, 100 cached secrets of 1 KB', unit, note: cachedNote },
      await kilobytes('cached'),
      { atMost: 200 },
    ),
    await registryRow(),
  ]
}

const managerNote = 'options, chain, counters, reports, watches: a map or an object each'
const cachedNote =
  '100 KB are the values; 44 the ARNs, names, version ids and labels beside them; the rest entries and tables'

const registryRow = async (): Promise<Row> => {
  const bytes = Number(await runNode({ args: ['--expose-gc', join(here, 'registry-memory.ts')], cwd: here }))
  const note = 'every form of each value included; the texts are the cache’s own'
  return yardstick(
    { id: 'memory-registry', what: 'memory, masking registry for them', unit: 'KB', note },
    bytes / 1_024,
  )
}

const refreshRows = ({ environment, refresh }: Measurements): Row[] => [
  yardstick(
    { id: 'refresh-await', what: 'an await and nothing else', unit: 'µs', note: 'timed as refresh() of aws is' },
    at(refresh, 'wait'),
  ),
  measured({ id: 'refresh-env', what: 'refresh(), env', unit: 'µs' }, at(environment, 'refresh'), { atMost: 1_000 }),
  measured(
    {
      id: 'refresh-aws',
      what: 'refresh(), aws, 100 cached',
      unit: 'µs',
      note: 'with the await; over a client in memory, each by itself',
    },
    at(refresh, 'full'),
    { atMost: 1 },
  ),
]

const freshRows = ({ fresh }: Measurements): Row[] => {
  const over = (own: string, upstream: string): number => (at(fresh, own) - at(fresh, upstream)) / 1_000
  const unit = 'ms'
  const note = 'the upstream: one request signed once, over bare node:http, to the same store'
  return [
    yardstick(
      { id: 'upstream-get', what: 'GetSecretValue, the upstream alone', unit, note },
      at(fresh, 'upstreamGet') / 1_000,
    ),
    measured({ id: 'fresh-get', what: 'fresh getSecret over the upstream', unit }, over('get', 'upstreamGet'), {
      atMost: 1,
    }),
    yardstick({ id: 'sdk-fresh', what: 'AWS SDK over the upstream', unit }, over('sdkGet', 'upstreamGet')),
    yardstick(
      { id: 'powertools-fresh', what: 'powertools over the upstream', unit },
      over('powertoolsGet', 'upstreamGet'),
    ),
    yardstick(
      { id: 'upstream-list', what: 'ListSecrets of 100, the upstream alone', unit },
      at(fresh, 'upstreamList') / 1_000,
    ),
    measured({ id: 'fresh-list', what: 'listSecrets over the upstream', unit }, over('list', 'upstreamList'), {
      atMost: 1,
    }),
  ]
}

const importRows = (times: Readonly<Record<string, number>>): Row[] => {
  const unit = 'ms'
  const note = 'fresh process, median of 7; the first import in a process pays for the loader too (import-nothing)'
  const peersOf = {
    powertools: 'powertools',
    middy: 'middy',
    sdk: 'AWS SDK',
    dotenv: 'dotenv',
    nothing: 'an empty module',
  }
  return [
    measured({ id: 'import', what: 'import of @keyplane/secrets', unit, note }, at(times, 'keyplane'), { atMost: 15 }),
    ...Object.entries(peersOf).map(([name, label]) =>
      yardstick({ id: `import-${name}`, what: `import of ${label}`, unit }, at(times, name)),
    ),
    yardstick({ id: 'env-first', what: 'import and first key of a .env of 100', unit }, at(times, 'keyplaneEnv')),
    yardstick({ id: 'dotenv-first', what: 'dotenv: the same', unit }, at(times, 'dotenvEnv')),
  ]
}

const maskingRows = ({ logLine }: Measurements): Row[] => {
  const unit = 'µs'
  const over = (name: string): number => at(logLine, name) - at(logLine, 'plain')
  const what = 'masking of a 1 KB pino line, 1,000 registered values'
  return [
    yardstick({ id: 'pino', what: 'plain pino, 1 KB line', unit }, at(logLine, 'plain')),
    measured({ id: 'mask-values', what, unit, note: 'over plain pino' }, over('masked1000'), { atMost: 10 }),
    yardstick({ id: 'mask-10000', what: 'the same, 10,000 registered values', unit }, over('masked10000')),
    yardstick({ id: 'mask-keys', what: 'the same, no registered value', unit }, over('masked')),
  ]
}
