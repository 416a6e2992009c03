import { mkdtempSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { runAgent } from '../src/main.ts'
import { startTestAgent } from './start-test-agent.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** The port of a server that gives this answer, or hangs up where it is empty. */
const answering = async (answer: string): Promise<number> => {
  const server = createServer((socket) => void socket.on('error', () => {}).end(answer))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const asked = async (port: number): Promise<readonly [number, string]> => {
  const file = join(mkdtempSync(join(tmpdir(), 'keyplane-agent-')), 'agent.toml')
  writeFileSync(file, `http_port = ${port}\n`)
  let told = ''
  const note = (text: string): void => void (told += text)
  const code = await runAgent(['--healthcheck', '-c', file], { env: {}, stdout: note, stderr: note })
  return [code, told.replace(`:${port}`, ':PORT')]
}

describe('keyplane agent --healthcheck', () => {
  it('says that an agent which answers is ready', async () => {
    const { agent } = await startTestAgent()
    expect(await asked(agent.port)).toEqual([0, 'ready\n'])
    await agent.close()
    expect(await asked(agent.port)).toEqual([1, 'No agent answers at 127.0.0.1:PORT (ECONNREFUSED).\n'])
  })

  it.each([
    ['HTTP/1.1 503 x\r\nx: y\r\n\r\nprefetching', 1, 'The agent at 127.0.0.1:PORT is not ready: prefetching.\n'],
    ['HTTP/1.1 429 x\r\nx: y\r\n\r\nConnection limit exceeded', 0, 'ready\n'],
    ['HTTP/1.1 404 x\r\n\r\n', 1, 'The agent at 127.0.0.1:PORT is not ready: its answer is 404.\n'],
    ['SSH-2.0-x\r\n', 1, 'The agent at 127.0.0.1:PORT is not ready: its answer is no HTTP.\n'],
    ['', 1, 'No agent answers at 127.0.0.1:PORT (no answer).\n'],
  ])('of what answers %j gives %i', async (answer, code, told) => {
    expect(await asked(await answering(answer))).toEqual([code, told])
  })

  it('does not know where to ask an agent whose port is any', async () => {
    expect(await asked(0)).toEqual([1, 'With http_port = 0 nobody knows where to ask; name a port.\n'])
  })
})
