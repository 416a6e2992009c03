import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Served, serve } from './serve.ts'

let served: Served
beforeEach(async () => {
  served = await serve()
})
afterEach(() => served.service.close())

interface Description {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Record<string, object> }>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

describe('the description', () => {
  it('is OpenAPI 3.1 with each call, its answers and its failures', async () => {
    const answer = await served.get('/openapi.json', { headers: { authorization: '' } })
    const { openapi, paths, components } = (await answer.json()) as Description
    expect(openapi).toBe('3.1.0')
    const call = paths['/v1/environments/{environment}/tools/{tool}/configuration']?.['get']
    expect(call).toMatchObject({
      security: [{ bearer: [] }],
      parameters: expect.arrayContaining([expect.objectContaining({ name: 'tool', in: 'path' })]),
      responses: {
        200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/ToolConfiguration' } } } },
        403: { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
      },
    })
    expect(Object.keys(components.schemas)).toEqual(expect.arrayContaining(['Problem', 'ToolConfiguration']))
    expect(Object.values(paths).flatMap((methods) => Object.keys(methods))).not.toContain('post')
  })

  it('has pages that load nothing from elsewhere', async () => {
    const page = await served.get('/docs/')
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    const html = await page.text()
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    for (const [, path] of html.matchAll(/(?:src|href)="\.([^"]+)"/g))
      expect((await (await served.get(`/docs${path}`)).arrayBuffer()).byteLength, path).toBeGreaterThan(100)
    expect(await (await served.get('/docs/static/swagger-initializer.js')).text()).toContain('"validatorUrl":null')
  })
})

describe('what there is not', () => {
  it('is told by a problem, and another method by those that are taken', async () => {
    const nothing = await served.get('/v1/nothing', { method: 'POST', body: 'x'.repeat(5_000) })
    expect(await nothing.json()).toMatchObject({ status: 404, code: 'unsupported' })
    const other = await served.get('/healthz', { method: 'DELETE' })
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect(await other.json()).toMatchObject({ title: 'Method Not Allowed', code: 'unsupported' })
  })
})

describe('a request’s id', () => {
  it.each(['from-the.caller_7', 'x'.repeat(128)])('is the caller’s: %s', async (id) => {
    const answer = await served.get('/healthz', { headers: { 'x-request-id': id } })
    expect(answer.headers.get('x-request-id')).toBe(id)
  })

  it.each(['', 'a b', '<script>', 'x'.repeat(129)])('is a new one instead of %j', async (id) => {
    const answer = await served.get('/healthz', { headers: { 'x-request-id': id } })
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })
})
