import type { GetRandomPasswordRequest } from '@keyplane/aws'
import type { Random } from '@keyplane/core'
import { awsError } from '../aws-errors.ts'

const lowercase = 'abcdefghijklmnopqrstuvwxyz'
/** AWS names these. @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html */
const punctuation = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'

/**
 * A password of the characters that are left. Each is chosen alike; where every class has to be in it, one of each is
 * chosen first, and all are shuffled.
 * @throws AwsError InvalidParameterException if no password can be as it is asked for.
 */
export const randomPassword = (input: GetRandomPasswordRequest, random: Random): string => {
  const { PasswordLength: length = 32, RequireEachIncludedType: eachType = true } = input
  const classes = allowedClasses(input)
  const required = eachType ? classes.filter((allowed) => allowed !== ' ') : []
  if (eachType && classes.some((allowed) => allowed === ''))
    throw awsError('InvalidParameterException', 'All characters of the desired type have been excluded')
  const all = classes.join('')
  if (all === '') throw awsError('InvalidParameterException', 'All characters have been excluded from selection')
  if (length < required.length)
    throw awsError('InvalidParameterException', 'Password length is too short based on the required types')
  const choose = chooser(random)
  const characters = required.map((allowed) => allowed.charAt(choose(allowed.length)))
  while (characters.length < length) characters.push(all.charAt(choose(all.length)))
  return shuffled(characters, choose).join('')
}

/** The characters of each class that is included; a class is empty where all of its characters are excluded. */
const allowedClasses = (input: GetRandomPasswordRequest): readonly string[] => {
  const excluded = new Set(input.ExcludeCharacters)
  const left = (characters: string): string =>
    Array.from(characters, (character) => (excluded.has(character) ? '' : character)).join('')
  return [
    ...(input.ExcludeLowercase ? [] : [left(lowercase)]),
    ...(input.ExcludeUppercase ? [] : [left(lowercase.toUpperCase())]),
    ...(input.ExcludeNumbers ? [] : [left('0123456789')]),
    ...(input.ExcludePunctuation ? [] : [left(punctuation)]),
    // A space never has to be in it, so an excluded one is no class that is missed.
    ...(input.IncludeSpace && !excluded.has(' ') ? [' '] : []),
  ]
}

type Choose = (count: number) => number

/** Chooses below a count of 256 at most, each number as likely as another. */
const chooser = (random: Random): Choose => {
  let bytes: Uint8Array = new Uint8Array()
  let at = 0
  const next = (): number => {
    if (at === bytes.length) {
      bytes = random.bytes(64)
      at = 0
    }
    return bytes[at++] ?? 0
  }
  return (count) => {
    // Bytes beyond the last multiple of the count would make some numbers likelier.
    const limit = 256 - (256 % count)
    let byte = next()
    while (byte >= limit) byte = next()
    return byte % count
  }
}

/** Fisher–Yates, for lists of up to 4,096. */
const shuffled = (characters: readonly string[], choose: Choose): readonly string[] => {
  const order = [...characters]
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = chooseUpTo(last, choose)
    ;[order[last], order[other]] = [order[other] ?? '', order[last] ?? '']
  }
  return order
}

/** 0 to `max`, which is below 65,536. */
const chooseUpTo = (max: number, choose: Choose): number => {
  if (max < 256) return choose(max + 1)
  const limit = 65_536 - (65_536 % (max + 1))
  let number = choose(256) * 256 + choose(256)
  while (number >= limit) number = choose(256) * 256 + choose(256)
  return number % (max + 1)
}
