import { Connection } from './connection.ts'
import { type LoadResult, runLoad } from './load.ts'
import type { SecretStore } from './secret-stores.ts'

/** What one store did. */
export interface Speed {
  readonly get: LoadResult
  readonly put: LoadResult
}

const secrets = 100
const nameOf = (index: number): string => `bench-${index % secrets}`
const value = JSON.stringify({ username: 'app', password: 'x'.repeat(64), host: 'db.internal', port: 5432 })

/**
 * A store that waits for its disk is idle between a few callers, and one that works in turns is slower for many: each
 * has the number that it is quickest at.
 */
const readers = [32, 128]

/** Reads and durable writes of a hundred secrets, from many connections at once. */
export const measureSpeed = async (store: SecretStore, seconds: number): Promise<Speed> => {
  const { port, pid } = store
  const connection = new Connection(port)
  for (let index = 0; index < secrets; index += 1) await connection.send(store.create(nameOf(index), value))
  connection.close()
  const load = { port, pid, seconds }
  const gets: LoadResult[] = []
  for (const connections of readers)
    gets.push(await runLoad({ ...load, connections, request: (index) => store.get(nameOf(index)) }))
  return {
    get: gets.reduce((best, next) => (next.perSecond > best.perSecond ? next : best)),
    put: await runLoad({ ...load, connections: 64, request: (index) => store.put(nameOf(index), `${value}${index}`) }),
  }
}
