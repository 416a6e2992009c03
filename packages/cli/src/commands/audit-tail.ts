import { parseSecretArn } from '@keyplane/aws'
import { auditEnds, auditTail, type TailRecord } from '@keyplane/store'
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
  /** The last record of each chain that was shown; one that has none among the first lines is followed from its end. */
  const after = new Map(follow ? await auditEnds(database) : [])
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
  const who = actor.replace(/^arn:aws[a-z-]*:(iam|sts)::\d+:/, '')
  const what = action.slice(action.indexOf(':') + 1)
  const why = detail?.['Error'] ? `  ${detail['Error']}` : ''
  return `${time}  ${decision.padEnd(5)}  ${who.padEnd(14)}  ${what.padEnd(16)}  ${secretOf(resource, decision)}${why}`
}

/**
 * A secret's name. What was not allowed may stand there as it was sent: an ARN without the six characters at its end, where
 * what looks like them belongs to the name.
 */
const secretOf = (resource: string, decision: TailRecord['record']['decision']): string => {
  const arn = parseSecretArn(resource)
  if (!arn) return resource
  return decision === 'allow' ? arn.name : arn.resource
}
