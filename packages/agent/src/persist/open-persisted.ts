import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { type Clock, SecretsError } from '@keyplane/core'
import type { AgentConfig } from '../config/agent-config.ts'
import { AnswersFile } from './answers-file.ts'
import { bindingOf } from './binding.ts'
import { readKeyFile } from './key-file.ts'
import { PersistedAnswers, type PersistedAnswersParts } from './persisted-answers.ts'

export interface OpenPersistedParts {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly log: PersistedAnswersParts['log']
}

/**
 * The answers that are kept on the disk; nothing where the configuration names no file for them, or wants no failure
 * covered.
 * @throws SecretsError `config_invalid` where the key can't be had, or the file's folder not be written.
 */
export const openPersisted = (
  config: Pick<
    AgentConfig,
    | 'persistFile'
    | 'persistKeyFile'
    | 'cacheSize'
    | 'ttlMs'
    | 'maxStaleMs'
    | 'ignoreTransientErrors'
    | 'source'
    | 'endpoint'
    | 'region'
  >,
  { env, clock, log }: OpenPersistedParts,
): PersistedAnswers | undefined => {
  const { persistFile, persistKeyFile, cacheSize, ttlMs, maxStaleMs, ignoreTransientErrors } = config
  if (persistFile === undefined || persistKeyFile === undefined) return undefined
  const file = new AnswersFile(persistFile, readKeyFile(persistKeyFile), bindingOf(config, env))
  if (!ignoreTransientErrors) return undefined
  checkFolder(dirname(persistFile))
  return new PersistedAnswers({ file, maxEntries: cacheSize, coversMs: ttlMs + maxStaleMs, clock, log })
}

const checkFolder = (folder: string): void => {
  try {
    // The dot tells a folder from a file.
    accessSync(`${folder}/.`, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new SecretsError(
      'config_invalid',
      `The folder ${folder} of keyplane.persist_file can't be written (${String((cause as NodeJS.ErrnoException).code)}).`,
      { cause },
    )
  }
}
