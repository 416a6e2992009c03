import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { ask, type Asked, SharedStores } from '../postgres/shared-store.ts'
import { requiredTool } from '../required-tool.ts'
import { parseTrace, type SystemCall } from './system-calls.ts'

let server: ScratchServer
let stores: SharedStores
let trace: string
const alone: (Asked & { readonly sentAtMs: number })[] = []

const now = (): number => performance.timeOrigin + performance.now()

beforeAll(async () => {
  server = await ScratchServer.start()
  stores = new SharedStores(await server.createDatabase('traced'))
  trace = stores.folder.at('trace')
  const calls = 'trace=read,write,writev,sendto,sendmsg,recvfrom'
  const [store] = await stores.start(1, {
    // -D: the store stays the child that signals reach; the tracer ends with it.
    under: [requiredTool('strace'), '-D', '-f', '-qq', '-e', calls, '-ttt', '-T', '-yy', '-s', '8000', '-o', trace],
  })
  await ask(store!.client, 'traced', 'create')
  for (let count = 0; count < 60; count += 1) {
    const sentAtMs = now()
    alone.push({ ...(await ask(store!.client, 'traced')), sentAtMs })
  }
  await stores.end()
})
afterAll(async () => {
  await stores.remove()
  await server.stop()
})

/** The acknowledgements that left before the server had said that the write is committed. */
const early = (calls: readonly SystemCall[]): readonly string[] => {
  const ofServer = calls.filter(({ target }) => target.endsWith(`:${server.port}]`))
  return alone.flatMap(({ requestId = 'none', sentAtMs }) => {
    const answer = calls.find(({ target, text }) => target.startsWith('TCP') && text.includes(requestId))
    if (!answer) return [`${requestId}: its acknowledgement is not in the trace`]
    const asked = ofServer.find(
      ({ name, text, enteredAtMs }) => name !== 'read' && text.includes('commit') && enteredAtMs >= sentAtMs,
    )
    const committed =
      asked &&
      ofServer.some(
        ({ name, text, enteredAtMs, returnedAtMs }) =>
          name === 'read' &&
          text.includes('COMMIT') &&
          enteredAtMs >= asked.enteredAtMs &&
          returnedAtMs <= answer.enteredAtMs,
      )
    return committed ? [] : [`${requestId}: acknowledged before it was committed`]
  })
}

describe('the trace of a store on PostgreSQL', () => {
  it('shows the answer to every COMMIT before the acknowledgement of its write', () => {
    expect(alone.flatMap(({ refusal }) => refusal ?? [])).toEqual([])
    expect(early(parseTrace(readFileSync(trace, 'utf8')))).toEqual([])
    expect(alone).toHaveLength(60)
  })

  it('is of a server that syncs before it answers', async () => {
    const settings = await server.query(
      `select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit')`,
    )
    expect(settings.map(({ setting }) => setting)).toEqual(['on', 'on', 'on'])
  })
})
