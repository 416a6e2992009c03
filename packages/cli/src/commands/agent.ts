import { type AgentProcess, runAgent } from '@keyplane/agent'
import { openAgentAudit } from '../agent-audit/open-agent-audit.ts'
import type { Command } from '../context.ts'
import { outliveReader } from '../end-with-reader.ts'

interface AgentOptions {
  readonly config?: string
}

/**
 * The agent, by the AWS agent's arguments, exit codes included; and `audit verify FOLDER`, which looks at its audit log.
 * Its help calls it by the name given; what else is given goes to the agent.
 */
export const agentNamed =
  (command: string, more: Pick<AgentProcess, 'withoutSources'> = {}): Command<AgentOptions> =>
  async (context, args, { config }) => {
    const { env, clock, untilEnded } = context
    const isHelp = args.some((argument) => argument === '--help' || argument === '-h')
    if (args[0] === 'audit' && args[1] === 'verify' && !isHelp)
      return (await import('./agent-audit-verify.ts')).agentAuditVerify(context, args.slice(2), {})
    outliveReader()
    const named = config === undefined ? [] : ['--config', config]
    const parts = { env, clock, ended: untilEnded(), openAudit: openAgentAudit(context), command, ...more }
    return runAgent(isHelp ? ['--help'] : [...args, ...named], parts)
  }

export const agent: Command<AgentOptions> = agentNamed('keyplane agent')
