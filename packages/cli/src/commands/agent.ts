import { runAgent } from '@keyplane/agent'
import type { Command } from '../context.ts'

interface AgentOptions {
  readonly config?: string
}

/** The agent, by the AWS agent's arguments, exit codes included; and `audit verify FOLDER`, which looks at its audit log. */
export const agent: Command<AgentOptions> = async (context, args, { config }) => {
  const { env, clock, random, untilEnded } = context
  const isHelp = args.some((argument) => argument === '--help' || argument === '-h')
  if (args[0] === 'audit' && args[1] === 'verify' && !isHelp)
    return (await import('./agent-audit-verify.ts')).agentAuditVerify(context, args.slice(2), {})
  const named = config === undefined ? [] : ['--config', config]
  const openAudit = async (folder: string) => {
    const { AgentAuditFile } = await import('../agent-audit/agent-audit-file.ts')
    return new AgentAuditFile(folder, { clock, random })
  }
  return runAgent(isHelp ? ['--help'] : [...args, ...named], { env, clock, ended: untilEnded(), openAudit })
}
