import { mkdtempSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretsError } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { checkIdentity } from '../src/check-identity.ts'
import { runAgent } from '../src/main.ts'
import { token } from './start-test-agent.ts'

const servers: Server[] = []
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

/** Takes connections and never answers. */
const hungServer = async (): Promise<number> => {
  const server = createServer((socket) => sockets.push(socket.on('error', () => {}).resume()))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const agentWithHungSts = async (ended: Promise<unknown>) => {
  const endpoint = `http://127.0.0.1:${await hungServer()}`
  const file = join(mkdtempSync(join(tmpdir(), 'keyplane-agent-')), 'agent.toml')
  writeFileSync(file, `http_port = 0\nlog_to_file = false\nlog_level = "none"\n[keyplane]\nendpoint = "${endpoint}"\n`)
  const told: string[] = []
  const env = {
    AWS_TOKEN: token,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'k',
  }
  const clock = fakeClock()
  const note = (text: string): void => void told.push(text)
  const code = runAgent(['-c', file], { env, ended, clock, stdout: note, stderr: note })
  return { code, told, clock }
}

describe('the check of credentials at start', () => {
  // The end was looked for only after the start, whose check hung for as long as STS did, three times over.
  it('that hangs is ended by the signal to end, with exit code 0 and no announcement', async () => {
    let end = (): void => {}
    const { code, told } = await agentWithHungSts(
      new Promise<void>((resolve) => {
        end = resolve
      }),
    )
    await expect.poll(() => sockets.length).toBe(1)
    end()
    expect(await code).toBe(0)
    expect(told).toEqual([])
  })

  it('is not begun when the end came first', async () => {
    const { code, told } = await agentWithHungSts(Promise.resolve())
    expect(await code).toBe(0)
    expect(told).toEqual([])
  })

  it('that hangs is a failure that may pass after five seconds: the agent starts', async () => {
    let end = (): void => {}
    const { code, told, clock } = await agentWithHungSts(
      new Promise<void>((resolve) => {
        end = resolve
      }),
    )
    await expect.poll(() => sockets.length).toBe(1)
    await clock.advance(5_000)
    await expect.poll(() => told.join('')).toContain('listening on')
    end()
    expect(await code).toBe(0)
  })

  it('passes on what the question says, and leaves no timer', async () => {
    const clock = fakeClock()
    await checkIdentity(() => Promise.resolve(), clock)
    const refusal = new SecretsError('unauthenticated', 'no')
    await expect(checkIdentity(() => Promise.reject(refusal), clock)).rejects.toBe(refusal)
    expect(clock.waiting).toBe(0)
  })
})
