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

/** Reads and durable writes of a hundred secrets, from many connections at once. */
export const measureSpeed = async (store: SecretStore, seconds: number): Promise<Speed> => {
  const { port, pid } = store
  const connection = new Connection(port)
  for (let index = 0; index < secrets; index += 1) await connection.send(store.create(nameOf(index), value))
  connection.close()
  const load = { port, pid, seconds }
  return {
    get: await runLoad({ ...load, connections: 32, request: (index) => store.get(nameOf(index)) }),
    put: await runLoad({ ...load, connections: 64, request: (index) => store.put(nameOf(index), `${value}${index}`) }),
  }
}
