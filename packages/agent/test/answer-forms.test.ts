import { describe, expect, it } from 'vitest'
import { startTestAgent } from './start-test-agent.ts'
import { token } from './token.ts'
import { type Answer, exchange, parseAnswer } from './wire.ts'

const start = async (text: string) => {
  const started = await startTestAgent()
  started.source.text = text
  const ask = async (target: string, ...headers: string[]): Promise<Answer> => {
    const head = [`GET ${target} HTTP/1.1`, 'Host: localhost', `X-Vault-Token: ${token}`, ...headers, '', '']
    const answer = parseAnswer(await exchange(started.port, [head.join('\r\n')], { answers: 1 }))
    return { ...answer, body: Buffer.from(answer.body, 'latin1').toString() }
  }
  return { ...started, ask }
}

const get = '/secretsmanager/get?secretId=MyTest'
const document = '{"password":"pä ss","port":5432,"big":12.50,"on":false,"a.b":"flat","a":{"c":[1,"x"]},"no":null}'

describe('jsonKey', () => {
  it.each([
    ['password', 'pä ss'],
    ['port', '5432'],
    ['on', 'false'],
    ['a.b', 'flat'],
    ['a.c', '[1,"x"]'],
    ['a', '{"c":[1,"x"]}'],
  ])('%s gives the field alone, as plain text, in both forms', async (key, text) => {
    const { ask } = await start(document)
    for (const target of [`${get}&jsonKey=${key}`, `/v1/MyTest?jsonKey=${key}`]) {
      const answer = await ask(target)
      expect(answer).toMatchObject({ status: 200, body: text })
      expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
    }
  })

  it.each([
    ['missing', document, 'has no field \\"missing\\"'],
    ['no', document, 'has no field \\"no\\"'],
    ['__proto__', document, 'has no field \\"__proto__\\"'],
    ['x', 'canary', 'is not valid JSON, so it has no field \\"x\\"'],
    ['0', '["canary"]', 'is not a JSON object, so it has no field \\"0\\"'],
  ])('%s of %j is a 400 that tells why, and nothing of the value', async (key, text, why) => {
    const { ask } = await start(text)
    const { status, body } = await ask(`${get}&jsonKey=${key}`)
    expect([status, body]).toEqual([
      400,
      `{"__type":"InvalidRequestException","message":"The secret \\"MyTest\\" ${why}."}`,
    ])
  })

  it('shares the cache with the whole secret', async () => {
    const { ask, source } = await start(document)
    await ask(get)
    await ask(`${get}&jsonKey=password`)
    await ask(`${get}&jsonKey=port`)
    expect(source.reads).toBe(1)
  })
})

describe('Accept: text/plain', () => {
  it('gives SecretString alone, cold and cached, and leaves others their JSON', async () => {
    const { ask } = await start('ünïcode\nvalue')
    for (let time = 0; time < 2; time += 1) {
      const answer = await ask(get, 'Accept: text/plain')
      expect(answer).toMatchObject({ status: 200, body: 'ünïcode\nvalue' })
      expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
      for (const accept of ['*/*', 'application/json', 'application/json, text/plain, */*'])
        expect((await ask(get, `Accept: ${accept}`)).body).toMatch(/^\{"ARN":/)
    }
  })

  it('may be said in two lines', async () => {
    const { ask } = await start('alone')
    expect((await ask(get, 'Accept: application/json;q=0.1', 'accept: text/plain')).body).toBe('alone')
  })

  it('changes no error', async () => {
    const { ask } = await start('x')
    const answer = await ask('/secretsmanager/get?secretId=Nope', 'Accept: text/plain')
    expect(answer.body).toMatch(/^\{"__type":"ResourceNotFoundException"/)
  })
})
