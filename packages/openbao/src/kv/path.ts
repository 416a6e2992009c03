import { SecretsError } from '@keyplane/core'

const why = (path: string): string | undefined => {
  const segments = path.split('/')
  if (path === '') return 'is empty'
  if (segments.some((segment) => segment === '')) return 'has an empty segment: "/" at an end, or two in a row'
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'has "." or ".." as a segment'
  // OpenBao answers 400 to these without a word.
  if (/\p{Cc}/u.test(path)) return 'holds a control character'
  if (/\p{Cs}/u.test(path)) return 'is no Unicode text'
  return undefined
}

/**
 * A path for OpenBao's URL, each segment encoded. What OpenBao would clean away is refused: `a//b` and `a/../b` would be
 * another secret's path.
 * @throws SecretsError `invalid_request`.
 */
export const encodePath = (path: string, source: string): string => {
  const problem = why(path)
  if (problem !== undefined)
    throw new SecretsError('invalid_request', `${JSON.stringify(path)} is no path of OpenBao's: it ${problem}.`, {
      source,
    })
  return path.split('/').map(encodeURIComponent).join('/')
}
