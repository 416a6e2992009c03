import { request } from 'node:http'
import { signRequest } from '@keyplane/aws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { account, developer, region, TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(async () => {
  await store.start()
})
afterAll(() => store.remove())

const type = 'application/x-www-form-urlencoded'
const whoAmI = 'Action=GetCallerIdentity&Version=2011-06-15'

interface Sent {
  readonly target?: string
  readonly body?: string
  readonly signed?: boolean
}

const send = ({ target = '/', body = '', signed = false }: Sent): Promise<{ status: number; text: string }> => {
  const port = store.running?.port ?? 0
  const headers = { host: `127.0.0.1:${port}`, 'content-type': type }
  const what = { method: 'POST', target, headers, body, credentials: developer, region, service: 'sts' }
  const proof = signed ? signRequest({ ...what, atMs: store.clock.nowMs() }) : {}
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method: 'POST', path: target, headers: { ...headers, ...proof } }
    const sent = request({ ...options, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += String(chunk)))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

describe('a form', () => {
  // To read one of 512 KiB took a second, before anybody had proved who he is.
  it('of more than 64 KiB or 1,000 fields is refused unread', async () => {
    const refused = async (body: string) => (await send({ body })).text
    expect(await refused('a&'.repeat(262_000))).toContain('A form has at most 65536 bytes.')
    expect(await refused('a&'.repeat(1_001))).toContain('A form has at most 1000 fields.')
    expect(await refused(`a=${'a'.repeat(65_534)}`)).toContain('MissingAuthenticationToken')
    expect(await refused('a&'.repeat(1_000))).toContain('MissingAuthenticationToken')
  })

  it('is in the body, or, where that is empty, in the query', async () => {
    const arn = `<Arn>arn:aws:iam::${account}:user/developer</Arn>`
    for (const sent of [{ body: whoAmI }, { target: `/?${whoAmI}` }])
      expect(await send({ ...sent, signed: true })).toMatchObject({ status: 200, text: expect.stringContaining(arn) })
    expect(await send({ target: `/?${whoAmI}` })).toMatchObject({ status: 403 })
  })
})
