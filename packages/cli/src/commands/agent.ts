import { runAgent } from '@keyplane/agent'
import type { Command } from '../context.ts'

/** The agent, by the AWS agent's arguments, exit codes included. */
export const agent: Command<{ readonly config?: string }> = ({ env, clock, untilEnded }, args, { config }) =>
  runAgent([...args, ...(config === undefined ? [] : ['--config', config])], { env, clock, ended: untilEnded() })
