import { type Random, type SecretValue, TextValue } from '@keyplane/core'
import type { Rotator } from '../ports/rotator.ts'
import { badShape, members, textMember, withMembers } from './credential.ts'
import { type RandomTextOptions, randomText } from './random-text.ts'

export interface RandomPasswordOptions extends RandomTextOptions {
  readonly random: Random
  /** The member that is replaced where the value is a JSON object. Default `password`. */
  readonly member?: string
}

/**
 * A new password and no target: for what nobody checks but those who read it, such as a key that two programs share. A value
 * that is neither a text nor a JSON object with that member is refused (`value_shape`).
 */
export const randomPasswordRotator = ({ random, member = 'password', ...text }: RandomPasswordOptions): Rotator => ({
  name: 'random-password',
  repairs: true,
  create: async (_, current) => {
    const password = randomText(random, text)
    if (!members(current)) {
      requirePlain(current)
      return new TextValue(password)
    }
    // A name that was mistyped would leave the old secret as it is.
    textMember(current, member)
    return withMembers(current, { [member]: password })
  },
  set: async () => 'accepted',
  test: async () => 'accepted',
  revert: async () => undefined,
  retire: async () => undefined,
})

/** A key of bytes, or a list, is nothing that a password can take the place of. */
const requirePlain = (value: SecretValue): void => {
  if (value.kind !== 'text') throw badShape('is of bytes')
  if (/^\s*\[/.test(value.reveal()) && isJson(value.reveal())) throw badShape('is a JSON list')
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
