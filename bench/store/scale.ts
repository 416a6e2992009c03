import { quantile } from '../statistics.ts'
import { Connection } from './connection.ts'
import { startKeyplane } from './secret-stores.ts'

/** What a call costs with so many secrets. */
export interface AtScale {
  readonly secrets: number
  readonly getP99Ms: number
  /** Median of pages from the whole list, walked with the store's own tokens. */
  readonly pageMs: number
}

/** AWS's quota. */
const quota = 500_000
const nameOf = (index: number): string => `scale/${String(index).padStart(6, '0')}`

/** The same calls with a thousand secrets, and with as many as AWS allows. */
export const measureScale = async (progress: (made: number) => void): Promise<readonly [AtScale, AtScale]> => {
  const store = await startKeyplane()
  try {
    const open = Array.from({ length: 64 }, () => new Connection(store.port))
    let made = 0
    const makeUntil = async (count: number): Promise<void> => {
      await Promise.all(
        open.map(async (connection) => {
          while (made < count) {
            const index = made++
            await connection.send(store.create(nameOf(index), 'value'))
            if (index % 10_000 === 0) progress(index)
          }
        }),
      )
      made = count
    }
    const [connection] = open
    const measure = async (secrets: number): Promise<AtScale> => {
      await makeUntil(secrets)
      if (!connection) throw new Error('no connection')
      return { secrets, getP99Ms: await getP99(connection, store, secrets), pageMs: await pageTime(connection, store) }
    }
    const results = [await measure(1_000), await measure(quota)] as const
    for (const one of open) one.close()
    return results
  } finally {
    await store.stop()
  }
}

type Store = Awaited<ReturnType<typeof startKeyplane>>

/** One caller, so that what waits for others is not counted; spread over all secrets. */
const getP99 = async (connection: Connection, store: Store, secrets: number): Promise<number> => {
  const times: number[] = []
  for (let round = 0; round < 11_000; round += 1) {
    const index = (round * 7_919) % secrets
    const fromMs = performance.now()
    await connection.send(store.get(nameOf(index)))
    if (round >= 1_000) times.push(performance.now() - fromMs)
  }
  return quantile(times, 0.99)
}

const pageTime = async (connection: Connection, store: Store): Promise<number> => {
  const times: number[] = []
  let NextToken: string | undefined
  for (let page = 0; page < 200; page += 1) {
    const request = store.call('ListSecrets', { MaxResults: 100, ...(NextToken !== undefined && { NextToken }) })
    const fromMs = performance.now()
    const answer = JSON.parse(await connection.send(request)) as { readonly NextToken?: string }
    times.push(performance.now() - fromMs)
    NextToken = answer.NextToken
  }
  return quantile(times, 0.5)
}
