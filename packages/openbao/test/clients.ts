import { afterEach } from 'vitest'
import { openBaoClient } from '../src/client.ts'
import type { OpenBaoClient, OpenBaoClientOptions } from '../src/client-contract.ts'
import { type NodeDouble, recorded, startNodeDouble } from './node-double.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

/** A node that answers so, stopped after the test. */
export const node = async (answer: NodeDouble['answer']): Promise<NodeDouble> => {
  const double = await startNodeDouble(answer)
  cleanups.push(() => double.stop())
  return double
}

/** The login of `client`. */
export const auth = { method: 'approle', roleId: 'role-canary', secretId: 'secret-canary' } as const

/** A client of these nodes, closed after the test. */
export const client = (nodes: readonly NodeDouble[], options: Partial<OpenBaoClientOptions> = {}): OpenBaoClient => {
  const made = openBaoClient({ endpoints: nodes.map(({ endpoint }) => endpoint), auth, ...options })
  cleanups.push(() => made.close())
  return made
}

export const isLogin = ({ target }: { target: string }): boolean => target === '/v1/auth/approle/login'
export const serving: NodeDouble['answer'] = (asked) => {
  if (asked.target === '/v1/sys/leader') return recorded.noCluster
  return isLogin(asked) ? recorded.login('token-canary') : recorded.read('value-canary')
}
/** What was asked, but for who leads. */
export const calls = ({ asked }: NodeDouble): string[] =>
  asked.filter(({ target }) => target !== '/v1/sys/leader').map(({ method, target }) => `${method} ${target}`)
export const read = { method: 'GET', path: 'secret/data/db' } as const
export const write = { method: 'POST', path: 'secret/data/db', body: { data: { value: 'written-canary' } } } as const

export const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it did not fail',
    (error: unknown) => error,
  )
