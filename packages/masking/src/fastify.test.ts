import { fastify } from 'fastify'
import { expect, it } from 'vitest'
import { maskingFastify } from './fastify.ts'
import { withLogContext } from './log-context.ts'

const canary = 'canary-5f2e91'

it('masks what Fastify and its routes log', async () => {
  const written: string[] = []
  const stream = { write: (line: string) => void written.push(line) }
  const serializers = {
    req: (request: { url: string; headers: object }) => ({ url: request.url, headers: request.headers }),
    res: (reply: { statusCode?: number; getHeaders?: () => object }) => ({
      status: reply.statusCode,
      headers: reply.getHeaders?.(),
    }),
  }
  const app = fastify({ logger: maskingFastify({ pino: { level: 'debug', stream, serializers } }) })
  app.addHook('onRequest', (request, _, done) => withLogContext({ requestId: request.id, token: canary }, done))
  app.post('/login', (request, reply) => {
    request.log.info({ body: request.body }, 'got password=%s', canary)
    app.log.info('deeper')
    void reply.header('set-cookie', `sid=${canary}`).header('x-plain', 'seen').send({})
  })
  app.get('/fails', () => {
    throw new Error(`token=${canary}`)
  })
  const headers = { authorization: `Bearer ${canary}`, cookie: `a=${canary}`, 'x-plain': 'seen' }
  await app.inject({
    method: 'POST',
    url: `/login?token=${canary}&page=2`,
    headers,
    payload: { password: canary, user: 'ann' },
  })
  await app.inject({ method: 'GET', url: '/fails', headers })
  await app.close()

  expect(written.join('')).not.toContain(canary)
  const lines = written.map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.find((line) => line['req'])).toMatchObject({
    req: { url: '/login?token=****&page=2', headers: { authorization: '****', cookie: '****', 'x-plain': 'seen' } },
  })
  expect(lines.find((line) => line['body'])).toMatchObject({
    body: { password: '****', user: 'ann' },
    msg: 'got password=****',
  })
  expect(lines.find((line) => line['msg'] === 'deeper')).toMatchObject({ requestId: 'req-1', token: '****' })
  expect(lines.find((line) => line['res'])).toMatchObject({
    res: { status: 200, headers: { 'set-cookie': '****', 'x-plain': 'seen' } },
  })
  expect(lines.find((line) => line['err'])).toMatchObject({ err: { message: 'token=****' } })
})

it('works as the only option', async () => {
  const app = fastify({ logger: maskingFastify({ pino: { level: 'silent' } }) })
  await app.close()
  expect(() => fastify({ logger: { ...maskingFastify(), level: 'silent' } })).not.toThrow()
})
