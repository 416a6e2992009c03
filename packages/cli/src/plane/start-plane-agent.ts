import { type AgentConfig, parseAgentConfig, type ReadEvent, type RunningAgent, startAgent } from '@keyplane/agent'
import { awsProvider } from '@keyplane/secrets/providers'
import { AgentAuditFile } from '../agent-audit/agent-audit-file.ts'
import type { Context } from '../context.ts'
import { accessKeyOf, planeRegion } from '../data-folder/credentials.ts'

export interface PlaneAgentOptions {
  readonly port: number
  readonly storeUrl: string
  readonly onRead: (event: ReadEvent) => void
}

/** The agent in front of this data folder's store, with a key and a token of its own. */
export const startPlaneAgent = (
  { folder, clock, random, terminal }: Context,
  { port, storeUrl, onRead }: PlaneAgentOptions,
): Promise<RunningAgent> => {
  const config: AgentConfig = { ...parseAgentConfig(''), httpPort: port, validateCredentials: false }
  const quiet = (): void => {}
  return startAgent({
    config,
    source: awsProvider({
      region: planeRegion,
      endpoint: storeUrl,
      credentials: accessKeyOf(folder, 'agent'),
      clock,
    }),
    env: { KEYPLANE_AGENT_TOKEN: `file://${folder.agentToken}` },
    log: {
      level: 'info',
      debug: quiet,
      info: quiet,
      warn: (_facts, message) => terminal.warn(`agent: ${message}`),
      error: (_facts, message) => terminal.warn(`agent: ${message}`),
    },
    announce: quiet,
    audit: new AgentAuditFile(folder.agentAudit, { clock, random }),
    onRead,
    clock,
    random,
  })
}
