import { readFileSync, statSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import type { AwsProviderOptions } from '@keyplane/secrets/providers'

type CredentialSource = Extract<NonNullable<AwsProviderOptions['credentials']>, () => unknown>
type Credentials = Awaited<ReturnType<CredentialSource>>

export interface CredentialsFileOptions {
  /** Told when the file can't be used, and when others may read it; once for each state of the file. */
  readonly onProblem: (problem: string) => void
}

/**
 * The credentials of an AWS credentials file's `[default]` profile, as they are at each call: who writes the file anew
 * (IAM Roles Anywhere, a login of a person's) needs no restart. While it can't be read the last good ones are used.
 *
 * Temporary credentials only, as the AWS provider wants it: a user's own keys, in a file, would be good for ever.
 * The source throws `source_misconfigured` as long as there were none.
 */
export const credentialsFile = (path: string, { onProblem }: CredentialsFileOptions): CredentialSource => {
  let seen: string | undefined
  let kept: Credentials | undefined
  let refusal = ''
  const look = (): void => {
    const { stamp, isOpenToOthers } = stateOf(path)
    if (stamp === seen) return
    seen = stamp
    try {
      kept = parseProfile(readFileSync(path, 'utf8'))
      if (isOpenToOthers) onProblem(`The credentials file ${path} may be read by others than its owner; chmod 600 it.`)
    } catch (thrown) {
      refusal = thrown instanceof SecretsError ? thrown.message : `it can't be read (${codeOf(thrown)}).`
      onProblem(`The credentials file ${path} is not used: ${refusal}`)
    }
  }
  return async () => {
    look()
    if (kept) return kept
    throw new SecretsError('source_misconfigured', `The credentials file ${path} is not used: ${refusal}`, {
      source: 'aws',
      reason: 'no_credentials',
    })
  }
}

const codeOf = (thrown: unknown): string => String((thrown as NodeJS.ErrnoException).code)

const stateOf = (path: string): { readonly stamp: string; readonly isOpenToOthers: boolean } => {
  try {
    const { ino, mtimeNs, size, mode } = statSync(path, { bigint: true })
    return { stamp: `${ino}:${mtimeNs}:${size}`, isOpenToOthers: (mode & 0o077n) !== 0n }
  } catch (thrown) {
    return { stamp: codeOf(thrown), isOpenToOthers: false }
  }
}

const unusable = (what: string): SecretsError => new SecretsError('source_misconfigured', what, { source: 'aws' })

/** @throws SecretsError `source_misconfigured` that quotes nothing of the file. */
const parseProfile = (text: string): Credentials => {
  const settings = new Map<string, string>()
  let profile = ''
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[\s*(.*?)\s*\]/.exec(line)
    if (header) profile = header[1] ?? ''
    const setting = /^\s*([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(line)
    if (setting && profile === 'default') settings.set(String(setting[1]).toLowerCase(), String(setting[2]))
  }
  const [accessKeyId, secretAccessKey, sessionToken] = [
    'aws_access_key_id',
    'aws_secret_access_key',
    'aws_session_token',
  ].map((name) => settings.get(name) || undefined)
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw unusable('its [default] profile has no aws_access_key_id or no aws_secret_access_key.')
  if (sessionToken === undefined)
    throw unusable(
      'its [default] profile has no aws_session_token, and long-term keys of a user are not taken from a file.',
    )
  return { accessKeyId, secretAccessKey, sessionToken }
}
