import { systemRandom, TextValue } from '@keyplane/core'
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

  it('is the whole value where that is no JSON object', async () => {
    const made = await randomPasswordRotator({ random: systemRandom }).create(call, new TextValue('old'))
    expect(made.reveal()).toMatch(/^.{32}$/)
  })
})
