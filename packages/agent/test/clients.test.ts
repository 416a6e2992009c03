import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fakeClock } from '@keyplane/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import { startTestAgent } from './start-test-agent.ts'
import { testFolder } from './test-folder.ts'
import { token } from './token.ts'
import { type Answer, exchange, parseAnswer } from './wire.ts'

let folder: string
beforeEach(() => {
  folder = testFolder()
})

const clients = (tokenOfApp: string): string => `
[[keyplane.clients]]
name = "app"
token = "${tokenOfApp}"
secrets = ["My*", "app/*"]
[[keyplane.clients]]
name = "nobody"
token = "env://NOBODY_TOKEN"
`
const env = { AWS_TOKEN: token, APP_TOKEN: 'app-token', NOBODY_TOKEN: 'nobody-token' }

const start = async (options: Parameters<typeof startTestAgent>[0] = {}) => {
  const started = await startTestAgent({ toml: clients('env://APP_TOKEN'), env, ...options })
  const ask = async (target: string, shown: string, ...headers: readonly string[]): Promise<Answer> => {
    const head = [`GET ${target} HTTP/1.1`, 'Host: localhost', `X-Vault-Token: ${shown}`, ...headers, '', '']
    return parseAnswer(await exchange(started.port, [head.join('\r\n')], { answers: 1 }))
  }
  return { ...started, ask }
}

const get = '/secretsmanager/get?secretId='
const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:MyTest-a1b2c3'
const refused = (name: string, id: string): string =>
  `{"__type":"AccessDeniedException","message":"The client \\"${name}\\" may not read \\"${id}\\"."}`

describe('a client with a token of its own', () => {
  it('reads what its scope names, by name and by ARN, cold and cached, in both forms', async () => {
    const { ask } = await start()
    for (const target of [
      `${get}MyTest`,
      `${get}MyTest`,
      `${get}${arn}`,
      '/v1/MyTest',
      `${get}MyTest&versionStage=AWSCURRENT`,
    ])
      expect((await ask(target, 'app-token')).status).toBe(200)
  })

  it('is refused what its scope does not name, with 403 and before the source is asked', async () => {
    const { ask, source } = await start()
    for (const id of ['Other', 'xMyTest', 'arn:aws:secretsmanager:us-east-1:000000000000:secret:Other-a1b2c3'])
      expect(await ask(`${get}${id}`, 'app-token')).toMatchObject({ status: 403, body: refused('app', id) })
    expect(source.reads).toBe(0)
  })

  it('is refused by the fast path as by the other, what others have cached included', async () => {
    const { ask, source } = await start()
    await ask(`${get}MyTest`, token)
    for (const more of ['', '&refreshNow=true', '&versionStage=AWSCURRENT'])
      expect(await ask(`${get}MyTest${more}`, 'nobody-token')).toMatchObject({
        status: 403,
        body: refused('nobody', 'MyTest'),
      })
    expect(source.reads).toBe(1)
  })

  // The ARN `…:secret:MyTest-a1b2c3` may be that of MyTest, or a part of the ARN of a secret named MyTest-a1b2c3.
  it('is judged by the name of what was found, not by what an ARN seems to say', async () => {
    const { ask } = await start({ toml: clients('env://APP_TOKEN').replace('"My*"', '"MyTest-a1b2c3"') })
    await ask(`${get}MyTest`, token)
    expect((await ask(`${get}${arn}`, token)).status).toBe(200)
    for (const more of ['', '&refreshNow=0'])
      expect(await ask(`${get}${arn}${more}`, 'app-token')).toMatchObject({ status: 403, body: refused('app', arn) })
  })

  it('assumes no role', async () => {
    const { ask } = await start()
    const role = '&roleArn=arn:aws:iam::123456789012:role/x'
    expect((await ask(`${get}MyTest${role}`, 'app-token')).status).toBe(403)
  })

  it('leaves the agent’s own token what it was: everything', async () => {
    const { ask } = await start()
    expect((await ask(`${get}MyTest`, token)).status).toBe(200)
    expect((await ask(`${get}Other`, token)).status).toBe(400)
    expect(await ask(`${get}MyTest`, 'wrong')).toMatchObject({ status: 403, body: 'Bad Token' })
  })

  it('is told by its name, and no token ever', async () => {
    const { ask, log } = await start()
    await ask(`${get}MyTest&refreshNow=1`, 'app-token')
    await ask(`${get}Other`, 'app-token')
    const text = log.lines.join('\n')
    expect(text).toContain('"client":"app"')
    for (const shown of Object.values(env)) expect(text).not.toContain(shown)
  })

  it('has a token that follows its file', async () => {
    const file = join(folder, 'app-token')
    writeFileSync(file, 'first\n')
    const clock = fakeClock()
    const { ask } = await start({ toml: clients(`file://${file}`), clock })
    expect((await ask(`${get}MyTest`, 'first')).status).toBe(200)
    writeFileSync(file, 'second-token\n')
    await clock.advance(1_000)
    expect((await ask(`${get}MyTest`, 'first')).status).toBe(403)
    expect((await ask(`${get}MyTest`, 'second-token')).status).toBe(200)
  })
})

describe('the start', () => {
  it.each([
    ['a token that is not there', { AWS_TOKEN: token, APP_TOKEN: 'x' }, 'No token: set NOBODY_TOKEN to'],
    ['an empty token', { ...env, APP_TOKEN: '' }, 'The token in APP_TOKEN is empty'],
    ['the token of two clients', { ...env, NOBODY_TOKEN: 'app-token' }, 'The token of nobody is another’s too'],
    ['the agent’s own as a client’s', { ...env, APP_TOKEN: token }, 'The token of app is another’s too'],
  ])('is refused with %s', async (_what, given, message) => {
    await expect(start({ env: given })).rejects.toThrow(message.replace('’', "'"))
  })
})
