import { BytesValue, systemRandom, TextValue } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { describeRotator } from '../testing/describe-rotator.ts'
import { randomPasswordRotator } from './random-password.ts'

const none = 'there is no target'

describeRotator(
  'random password',
  async () => ({
    rotator: randomPasswordRotator({ random: systemRandom }),
    first: new TextValue('{"user":"app","password":"first-password"}'),
    clock: fakeClock(),
    random: systemRandom,
    accepts: async () => true,
  }),
  { describe, it },
  { lower: none, meddle: none },
)

describe('a random password', () => {
  const call = {} as never

  it('takes the place of the member, and leaves the others', async () => {
    const made = await randomPasswordRotator({ random: systemRandom, member: 'key', length: 40 }).create(
      call,
      new TextValue('{"key":"old","user":"app"}'),
    )
    expect(JSON.parse(String(made.reveal()))).toEqual({ key: expect.stringMatching(/^.{40}$/), user: 'app' })
  })

  it.each([
    ['of bytes', new BytesValue(new Uint8Array(32))],
    ['a JSON object without the member', new TextValue('{"api_key":"sk-live-1","Password":"x"}')],
    ['a JSON object whose member is no text', new TextValue('{"password":{"of":"app"}}')],
    ['a JSON list', new TextValue('["one","two"]')],
  ])('takes no place in a value that is %s', async (_, value) => {
    await expect(randomPasswordRotator({ random: systemRandom }).create(call, value)).rejects.toMatchObject({
      code: 'source_misconfigured',
      reason: 'value_shape',
    })
  })

  it('leaves numbers as they are written, however long', async () => {
    const text = '{"id":9007199254740993,"big":1e400,"deep":[{"at":1.10}],"__proto__":{"a":1},"password":"old"}'
    const made = await randomPasswordRotator({ random: systemRandom }).create(call, new TextValue(text))
    expect(String(made.reveal()).replace(/"password":".{32}"/, '"password":"old"')).toBe(text)
  })

  it('is the whole value where that is no JSON object', async () => {
    const made = await randomPasswordRotator({ random: systemRandom }).create(call, new TextValue('old'))
    expect(made.reveal()).toMatch(/^.{32}$/)
  })
})
