import { SecretsError, systemClock } from '@keyplane/core'
import type { AuditBatches } from './audit/read-trail.ts'
import type { AgentConfig } from './config/agent-config.ts'
import { UpstreamMeter } from './metrics/upstream-meter.ts'
import { openSource } from './open-source.ts'
import { type RunningAgent, startAgent, type StartAgentOptions } from './start-agent.ts'

export interface LaunchAgentOptions
  extends Pick<StartAgentOptions, 'env' | 'log' | 'announce' | 'signal' | 'clock' | 'opens' | 'reads' | 'receipts'> {
  /** Opens the audit log of a folder. Default: none can be, which a configuration that wants one is told. */
  readonly openAudit?: (folder: string) => Promise<AuditBatches>
}

/** Starts the agent over the source that its configuration names. @throws SecretsError as its parts do. */
export const launchAgent = async (config: AgentConfig, options: LaunchAgentOptions): Promise<RunningAgent> => {
  const { env, log, clock = systemClock, openAudit } = options
  const upstream = new UpstreamMeter(clock)
  const opened = await openSource(config, { env, clock, upstream, log })
  const audit = await auditOf(config, openAudit)
  return startAgent({ ...options, config, ...opened, clock, upstream, ...(audit && { audit }) })
}

const auditOf = async (
  { auditFolder }: AgentConfig,
  openAudit: LaunchAgentOptions['openAudit'],
): Promise<AuditBatches | undefined> => {
  if (auditFolder === undefined) return undefined
  if (openAudit) return openAudit(auditFolder)
  throw new SecretsError(
    'config_invalid',
    'keyplane.audit_folder needs the command keyplane agent, which writes the log.',
  )
}
