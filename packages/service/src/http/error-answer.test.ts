import fastify, { type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { answerError } from './error-answer.ts'
import { currentRequestId, inRequest } from './request-context.ts'

let app: FastifyInstance
beforeEach(() => {
  app = fastify({ genReqId: () => 'r1' })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler((thrown, _request, reply) => answerError(reply, thrown))
  app.addHook('preHandler', ({ id: requestId }, _reply, done) => inRequest({ requestId }, done))
  const schema = { body: z.strictObject({ password: z.string().max(10) }) }
  app
    .withTypeProvider<ZodTypeProvider>()
    .post('/', { schema, bodyLimit: 100 }, async () => ({ requestId: currentRequestId() }))
})
afterEach(() => app.close())

describe('a request with a body', () => {
  it.each([
    ['{"password":7}', 400, 'body/password: Invalid input: expected string, received number.'],
    ['{"password":"canary-canary"}', 400, 'body/password: Too big: expected string to have <=10 characters.'],
    ['{"password":"x","canary":1}', 400, 'body: a member that is not known.'],
    ['{"password":"canary', 400, 'The body is no JSON.'],
    ['{"__proto__":"canary"}', 400, 'The body is no JSON.'],
    ['', 400, 'The content type says JSON, and there is no body.'],
    [JSON.stringify('x'.repeat(100)), 413, 'The body is too long.'],
  ])('of %s is told what is wrong where, and never what it sent', async (payload, status, detail) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await app.inject({ method: 'POST', url: '/', payload, headers })
    expect(answer.json()).toMatchObject({ status, detail, code: 'invalid_request' })
    expect(answer.body).not.toContain('canary')
  })

  it('of another type is refused', async () => {
    const answer = await app.inject({
      method: 'POST',
      url: '/',
      payload: 'x',
      headers: { 'content-type': 'text/plain' },
    })
    const detail = 'The body has to be application/json.'
    expect(answer.json()).toMatchObject({ status: 415, code: 'invalid_request', detail })
  })

  it('is known by its id to what works for it', async () => {
    const answer = await app.inject({ method: 'POST', url: '/', payload: { password: 'x' } })
    expect(answer.json()).toEqual({ requestId: 'r1' })
    expect(currentRequestId()).toBeUndefined()
  })
})
