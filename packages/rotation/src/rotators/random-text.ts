import { type Random, SecretsError } from '@keyplane/core'

export interface RandomTextOptions {
  /** Characters, 12 to 1,024. Default 32. */
  readonly length?: number
  /** Characters that must not be in it. Default those that AWS's rotation functions leave out: `:/@"'\`. */
  readonly exclude?: string
}

const lower = 'abcdefghijklmnopqrstuvwxyz'
/** Printable ASCII only: what SASLprep and every client's own escaping leave as it is. */
const classes = [lower, lower.toUpperCase(), '0123456789', '!#$%&()*+,-.:;<=>?@[]^_`{|}~"\'/\\'] as const
/** @see https://github.com/aws-samples/aws-secrets-manager-rotation-lambdas */
const awsExcludes = ':/@"\'\\'

/**
 * A password of printable ASCII, each character as likely as another, with one of each kind at least.
 * @throws SecretsError `config_invalid`
 */
export const randomText = (random: Random, { length = 32, exclude = awsExcludes }: RandomTextOptions = {}): string => {
  const kinds = classes.map((kind) =>
    Array.from(kind)
      .filter((character) => !exclude.includes(character))
      .join(''),
  )
  const alphabet = kinds.join('')
  if (!Number.isInteger(length) || length < 12 || length > 1_024 || alphabet.length < 16)
    throw new SecretsError('config_invalid', 'A password has 12 to 1,024 characters out of 16 at least.')
  const wanted = kinds.filter((kind) => kind !== '')
  for (;;) {
    const text = drawn(random, alphabet, length)
    if (wanted.every((kind) => Array.from(text).some((character) => kind.includes(character)))) return text
  }
}

/** Bytes beyond the last multiple of the alphabet's length would make some characters likelier. */
const drawn = (random: Random, alphabet: string, length: number): string => {
  const limit = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < length)
    for (const byte of random.bytes(length))
      if (byte < limit && text.length < length) text += alphabet[byte % alphabet.length]
  return text
}
