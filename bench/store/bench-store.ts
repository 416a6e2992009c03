import type { BenchOptions } from '../run.ts'
import { measured, notMeasured, type Row, yardstick } from '../row.ts'
import { measureScale } from './scale.ts'
import { type SecretStore, startKeyplane, startMoto, startOpenBao } from './secret-stores.ts'
import { measureSpeed, type Speed } from './speed.ts'

/** The store beside moto's server and OpenBao, by the same client in the same run; and with half a million secrets. */
export const benchStore = async ({ seconds }: BenchOptions): Promise<readonly Row[]> => {
  const keyplane = await speedOf(startKeyplane, seconds)
  if (!keyplane) throw new Error('The store of this checkout did not start.')
  const moto = await speedOf(startMoto, seconds)
  const bao = await speedOf(startOpenBao, seconds)
  const [few, many] = await measureScale((made) => process.stderr.write(`\rmaking secrets: ${made} `))
  process.stderr.write('\r')
  return [
    ...speedRows('keyplane', keyplane),
    ...speedRows('moto', moto),
    ...speedRows('openbao', bao),
    ratio(
      { id: 'get-over-moto', what: 'GetSecretValue, times moto_server' },
      keyplane.get.perSecond,
      moto?.get.perSecond,
      20,
    ),
    ratio(
      { id: 'get-over-openbao', what: 'GetSecretValue, times OpenBao KV v2 reads' },
      keyplane.get.perSecond,
      bao?.get.perSecond,
      2,
    ),
    ratio(
      { id: 'put-over-openbao', what: 'durable PutSecretValue, times OpenBao (raft)' },
      keyplane.put.perSecond,
      bao?.put.perSecond,
      1,
    ),
    measured({ id: 'get-cpu', what: 'CPU of the store, a GetSecretValue', unit: 'µs' }, keyplane.get.cpuMicroseconds, {
      atMost: 200,
    }),
    yardstick({ id: 'get-p99-1000', what: 'Get p99, 1,000 secrets, one caller', unit: 'ms' }, few.getP99Ms),
    yardstick({ id: 'get-p99-500000', what: 'Get p99, 500,000 secrets, one caller', unit: 'ms' }, many.getP99Ms),
    measured(
      { id: 'get-scale', what: 'Get p99, 500,000 secrets over 1,000', unit: '×' },
      many.getP99Ms / few.getP99Ms,
      { atMost: 1.5 },
    ),
    yardstick({ id: 'list-page-1000', what: 'ListSecrets, a page of 100 of 1,000', unit: 'ms' }, few.pageMs),
    measured(
      { id: 'list-scale', what: 'a page of 500,000 over a page of 1,000', unit: '×' },
      many.pageMs / few.pageMs,
      { atMost: 1.5 },
    ),
  ]
}

/** Nothing where the store is not installed. */
const speedOf = async (start: () => Promise<SecretStore>, seconds: number): Promise<Speed | undefined> => {
  let store: SecretStore
  try {
    store = await start()
  } catch (error) {
    console.error(`Left out: ${(error as Error).message.split('\n')[0]}`)
    return undefined
  }
  try {
    return await measureSpeed(store, seconds)
  } finally {
    await store.stop()
  }
}

const speedRows = (name: string, speed: Speed | undefined): Row[] =>
  speed
    ? [
        yardstick(
          { id: `get-${name}`, what: `${name}: reads, ${speed.get.connections} connections`, unit: '/s' },
          speed.get.perSecond,
        ),
        yardstick({ id: `get-p99-${name}`, what: `${name}: reads, p99`, unit: 'ms' }, speed.get.p99Ms),
        yardstick({ id: `put-${name}`, what: `${name}: writes, 64 connections`, unit: '/s' }, speed.put.perSecond),
        yardstick({ id: `cpu-${name}`, what: `${name}: CPU a read`, unit: 'µs' }, speed.get.cpuMicroseconds),
      ]
    : []

const ratio = (
  facts: { readonly id: string; readonly what: string },
  ours: number,
  theirs: number | undefined,
  atLeast: number,
): Row =>
  theirs === undefined
    ? notMeasured({ ...facts, unit: '×' }, `≥ ${atLeast} ×`, 'it is not installed: run test/real/setup.sh')
    : measured({ ...facts, unit: '×' }, ours / theirs, { atLeast })
