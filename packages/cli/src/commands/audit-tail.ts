import { existsSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import { auditTail } from '@keyplane/store'
import type { Command, Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { printable } from '../terminal.ts'

interface AuditTailFlags {
  readonly lines: number
  readonly follow?: boolean
}

type Numbered = Awaited<ReturnType<typeof auditTail>>[number]

/** How often a followed log is looked at. */
const pollMs = 500

/** The latest calls to the store, oldest first; with `--follow` what comes after them too. */
export const auditTailCommand: Command<AuditTailFlags> = async (context, _args, { lines, follow }) => {
  const { folder, untilEnded } = context
  if (!existsSync(folder.database))
    throw new SecretsError('config_invalid', `There is no store in ${folder.path}; name its folder with --data.`)
  let last = show(context, await auditTail({ databasePath: folder.database, limit: lines }), 0)
  if (!follow) return exitCodes.ok
  const ended = new AbortController()
  void untilEnded().then(() => ended.abort())
  while (!ended.signal.aborted) {
    await new Promise<void>((resolve) => {
      // A plain timer: it has to keep the process alive between two looks.
      setTimeout(resolve, pollMs)
    })
    last = show(context, await auditTail({ databasePath: folder.database, after: last, limit: 1_000 }), last)
  }
  return exitCodes.ok
}

/** Shows records and gives the number of the last one. */
const show = ({ terminal }: Context, records: readonly Numbered[], before: number): number => {
  for (const { seq, record } of records)
    terminal.data(terminal.json ? JSON.stringify({ seq, ...record }) : printable(line(record)))
  return records.at(-1)?.seq ?? before
}

const line = ({ atMs, actor, action, resource, decision, detail }: Numbered['record']): string => {
  const time = new Date(atMs).toISOString().replace('T', ' ').slice(0, 19)
  const who = actor.replace(/^arn:aws:(iam|sts)::\d+:/, '')
  const what = action.slice(action.indexOf(':') + 1)
  const secret = resource.replace(/^arn:aws:secretsmanager:[^:]*:\d+:secret:/, '').replace(/-[A-Za-z0-9]{6}$/, '')
  const why = detail?.['Error'] ? `  ${detail['Error']}` : ''
  return `${time}  ${decision.padEnd(5)}  ${who.padEnd(14)}  ${what.padEnd(16)}  ${secret}${why}`
}
