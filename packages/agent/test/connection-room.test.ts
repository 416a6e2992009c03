import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectByTls } from 'node:tls'
import { fakeClock } from '@keyplane/testkit'
import { expect, it } from 'vitest'
import { ConnectionRoom } from '../src/http/connection-room.ts'
import { text } from '../src/http/messages.ts'
import { HttpDate } from '../src/http/response-bytes.ts'
import { AgentServer } from '../src/http/server.ts'
import { TestAuthority } from './certificates.ts'

const authority = new TestAuthority('test authority')
const { certificate: cert, key } = authority.issue('agent', ['agent.test'])

it.each<[string, { cert: string; key: string } | undefined]>([
  ['plain', undefined],
  ['by TLS', { cert, key }],
])(
  'a connection beyond the room that there is (%s) is ended at once; there is room again when one has gone',
  async (_, tls) => {
    const told: number[] = []
    const server = new AgentServer({
      app: () => text(200, 'healthy'),
      fastPath: () => undefined,
      room: new ConnectionRoom((max) => void told.push(max), 1),
      limit: { active: 0, max: 1 },
      date: new HttpDate(fakeClock()),
      onError: () => {},
      ...(tls && { tls }),
    })
    const port = await server.listen(0)
    server.ready()
    const open = (): Socket =>
      tls ? connectByTls({ port, servername: 'agent.test', ca: authority.certificate }) : connect({ port })
    const answered = async (socket: Socket): Promise<boolean> => {
      const ended = new Promise<false>((resolve) => {
        for (const event of ['error', 'close']) socket.once(event, () => resolve(false))
      })
      socket.write('GET /ping HTTP/1.1\r\n\r\n')
      return Promise.race([
        ended,
        once(socket, 'data').then(
          () => true,
          () => false,
        ),
      ])
    }
    const first = open()
    expect(await answered(first)).toBe(true)
    expect(await answered(open())).toBe(false)
    expect(told).toEqual([1])
    first.destroy()
    await expect.poll(() => answered(open())).toBe(true)
    await server.close(0)
  },
)
