import { type StoreVerdict, verifyStore } from '@keyplane/store'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { type DatabaseFlags, existingDatabase } from '../plane/store-database.ts'
import type { RootKeyFlags } from '../root-key/root-key-flags.ts'
import { rootKeySource } from '../root-key/root-key-source.ts'
import { progress } from '../progress.ts'
import { printable, type Terminal } from '../terminal.ts'

/** Whether a store is whole: its file, every value, its audit log. */
export const storeVerify: Command<DatabaseFlags & RootKeyFlags> = async (context, _args, flags) => {
  const { terminal, clock } = context
  const verdict = await verifyStore({
    ...existingDatabase(context, flags),
    rootKey: rootKeySource(context, flags),
    onProgress: progress(terminal, clock, 'values opened'),
  })
  if (terminal.json) terminal.data(JSON.stringify(inJson(verdict)))
  else terminal.data(inWords(verdict, terminal))
  if (!terminal.json) {
    for (const check of verdict.checks) terminal.words(`  checked: ${check}`)
    for (const problem of problemsOf(verdict)) terminal.words(`  ${printable(problem)}`)
    const unnamed = unnamedCountOf(verdict)
    if (unnamed > 0) terminal.words(`  and ${unnamed} more values that do not open`)
  }
  return verdict.ok ? exitCodes.ok : exitCodes.broken
}

const problemsOf = ({ damage, values, audit }: StoreVerdict): readonly string[] => [
  ...damage.map((what) => `database: ${what}`),
  ...values.broken.map((what) => `value: ${what}`),
  ...audit.flatMap(({ verdict }) => (verdict.ok ? [] : [`audit log: ${verdict.message}`])),
]

/** A hundred broken values are named; the others only count. */
const unnamedCountOf = ({ values }: StoreVerdict): number => values.brokenCount - values.broken.length

const problemCountOf = (verdict: StoreVerdict): number => problemsOf(verdict).length + unnamedCountOf(verdict)

const recordsOf = ({ audit }: StoreVerdict): number => audit.reduce((total, { records }) => total + records, 0)

const inJson = (verdict: StoreVerdict): object => ({
  ok: verdict.ok,
  values: verdict.values.opened,
  auditRecords: recordsOf(verdict),
  problemCount: problemCountOf(verdict),
  problems: problemsOf(verdict),
  checks: verdict.checks,
})

const inWords = (verdict: StoreVerdict, { style }: Terminal): string => {
  const { opened } = verdict.values
  const count = problemCountOf(verdict)
  return verdict.ok
    ? `${style('green', '✓')} whole: ${opened} values open, ${recordsOf(verdict)} audit records hold`
    : `${style('red', '✗')} not whole: ${count} ${count === 1 ? 'problem' : 'problems'}, ${opened} values open`
}
