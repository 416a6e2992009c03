import { auditTail, type TailRecord } from '@keyplane/store'
import type { Command, Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { type DatabaseFlags, existingDatabase } from '../plane/store-database.ts'
import { printable } from '../terminal.ts'

interface AuditTailFlags extends DatabaseFlags {
  readonly lines: number
  readonly follow?: boolean
}

/** How often a followed log is looked at. */
const pollMs = 500

/** The latest calls to the store, oldest first; with `--follow` what comes after them too. */
export const auditTailCommand: Command<AuditTailFlags> = async (context, _args, { lines, follow, ...flags }) => {
  const database = existingDatabase(context, flags)
  /** The last record of each chain that was shown. */
  const after = new Map<string, number>()
  show(context, await auditTail({ ...database, limit: lines }), after)
  if (!follow) return exitCodes.ok
  const ended = new AbortController()
  void context.untilEnded().then(() => ended.abort())
  while (!ended.signal.aborted) {
    await new Promise<void>((resolve) => {
      // A plain timer: it has to keep the process alive between two looks.
      setTimeout(resolve, pollMs)
    })
    show(context, await auditTail({ ...database, after, limit: 1_000 }), after)
  }
  return exitCodes.ok
}

/** Shows records, and notes how far each chain was shown. */
const show = ({ terminal }: Context, records: readonly TailRecord[], after: Map<string, number>): void => {
  for (const { chainId, seq, record } of records) {
    after.set(chainId, seq)
    terminal.data(terminal.json ? JSON.stringify({ seq, ...record }) : printable(line(record)))
  }
}

const line = ({ atMs, actor, action, resource, decision, detail }: TailRecord['record']): string => {
  const time = new Date(atMs).toISOString().replace('T', ' ').slice(0, 19)
  const who = actor.replace(/^arn:aws:(iam|sts)::\d+:/, '')
  const what = action.slice(action.indexOf(':') + 1)
  const secret = resource.replace(/^arn:aws:secretsmanager:[^:]*:\d+:secret:/, '').replace(/-[A-Za-z0-9]{6}$/, '')
  const why = detail?.['Error'] ? `  ${detail['Error']}` : ''
  return `${time}  ${decision.padEnd(5)}  ${who.padEnd(14)}  ${what.padEnd(16)}  ${secret}${why}`
}
