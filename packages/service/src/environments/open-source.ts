import { basename, dirname } from 'node:path'
import type { Clock, SecretProvider } from '@keyplane/core'
import type { RefusalLedger } from '@keyplane/openbao'
import { envProvider, fileProvider, openProvider } from '@keyplane/secrets/providers'
import type { SourceConfig } from '../config/service-config.ts'

export interface SourceParts {
  /** The process's environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Ids of the source's that are credentials with a lease. */
  readonly dynamic?: Iterable<string>
  /** The id of the service's request that a question to the source is for. */
  readonly correlationId?: () => string | undefined
  /** Where refused logins to OpenBao are kept. Default: this process's memory. */
  readonly refusals?: RefusalLedger | undefined
  /** Told of what is wrong and passed over: a line of a dotenv file that is no entry. Never a value. */
  readonly onProblem: (problem: string) => void
}

/** Opens a source as it is configured. */
export type OpenSource = (source: SourceConfig, parts: SourceParts) => Promise<SecretProvider>

/** @throws SecretsError `config_invalid` where the source's own settings are wrong. */
export const openSource: OpenSource = async (source, { env, ...parts }) => {
  if (source.kind === 'file') return fileProvider({ root: source.folder })
  if (source.kind === 'named') return openProvider(source.name, { ...parts, env: { ...env, ...source.variables } })
  return envProvider({
    env: {},
    folder: dirname(source.file),
    files: [basename(source.file)],
    clock: parts.clock,
    onMalformed: ({ file, line }) => parts.onProblem(`${file}:${line} is no entry and was passed over.`),
  })
}
