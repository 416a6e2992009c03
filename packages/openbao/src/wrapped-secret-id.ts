import { SecretsError } from '@keyplane/core'
import type { Ask } from './login.ts'

export interface WrappedSecretIdParts {
  /** The response-wrapping token. */
  readonly wrapping: string
  /** Where AppRole is mounted. */
  readonly mount: string
  readonly ask: Ask
  readonly source: string
}

/** Whether a response came from the one endpoint that gives secret ids; a namespace may stand before it. */
const isSecretIdPath = (path: unknown, mount: string): boolean => {
  if (typeof path !== 'string') return false
  const marker = `auth/${mount}/role/`
  const at = path.startsWith(marker) ? 0 : path.indexOf(`/${marker}`) + 1
  if (at === 0 && !path.startsWith(marker)) return false
  return /^[^/]+\/secret-id$/.test(path.slice(at + marker.length))
}

/**
 * The secret id in a wrapping token, which is used up by it. Where the token came from is asked before: one that somebody
 * wrapped by other means is left closed.
 * @throws SecretsError `unauthenticated`, reason `wrapping_token_used` or `wrapping_token_foreign`.
 */
export const unwrapSecretId = async ({ wrapping, mount, ask, source }: WrappedSecretIdParts): Promise<string> => {
  const info = await ask({
    method: 'POST',
    path: 'sys/wrapping/lookup',
    body: { token: wrapping },
    atLeader: true,
    repeatable: true,
  })
  if (!isSecretIdPath(info.member('data', 'creation_path'), mount))
    throw new SecretsError(
      'unauthenticated',
      'The wrapping token was not made by the AppRole method; it is left closed. Somebody may have put it there.',
      { source, reason: 'wrapping_token_foreign' },
    )
  const opened = await ask({ method: 'POST', path: 'sys/wrapping/unwrap', token: wrapping, atLeader: true })
  const secretId = opened.member('data', 'secret_id')
  if (typeof secretId !== 'string' || secretId === '')
    throw new SecretsError('bad_response', 'The wrapping token held no secret id.', { source })
  return secretId
}
