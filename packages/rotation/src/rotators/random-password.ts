import { type Random, TextValue } from '@keyplane/core'
import type { Rotator } from '../ports/rotator.ts'
import { members, withMembers } from './credential.ts'
import { type RandomTextOptions, randomText } from './random-text.ts'

export interface RandomPasswordOptions extends RandomTextOptions {
  readonly random: Random
  /** The member that is replaced where the value is a JSON object. Default `password`. */
  readonly member?: string
}

/** A new password and no target: for what nobody checks but those who read it, such as a key that two programs share. */
export const randomPasswordRotator = ({ random, member = 'password', ...text }: RandomPasswordOptions): Rotator => ({
  name: 'random-password',
  repairs: true,
  create: async (_, current) => {
    const password = randomText(random, text)
    return members(current) ? withMembers(current, { [member]: password }) : new TextValue(password)
  },
  set: async () => 'accepted',
  test: async () => 'accepted',
  revert: async () => undefined,
  retire: async () => undefined,
})
