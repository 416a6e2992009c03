import { SecretsError } from '@keyplane/core'
import { maskingHook } from '@keyplane/masking'
import { pino } from 'pino'
import type { AgentConfig } from './config/agent-config.ts'
import { LogFile } from './log-file.ts'
import type { AgentLog } from './start-agent.ts'

/**
 * Masked lines of JSON, into the file that the AWS agent uses or to `lines`, as the configuration says.
 * @throws SecretsError `config_invalid` where the file can't be opened.
 */
export const openAgentLog = (
  { logLevel, logToFile }: Pick<AgentConfig, 'logLevel' | 'logToFile'>,
  lines: { write(line: string): void },
): AgentLog => {
  const options = maskingHook({ pino: { level: logLevel === 'none' ? 'silent' : logLevel } })
  if (!logToFile) return pino(options, lines)
  const path = 'logs/secrets_manager_agent.log'
  try {
    return pino(options, new LogFile(path))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new SecretsError(
      'config_invalid',
      `The log file ${path} can't be opened (${code}); set log_to_file = false to log to stdout.`,
      { cause },
    )
  }
}
