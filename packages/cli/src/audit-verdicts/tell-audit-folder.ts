import { SecretsError } from '@keyplane/core'
import { type AuditFileVerdict, verifyAuditFolder } from '../agent-audit/verify-audit-folder.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'

/** Tells how the audit files of a folder stand, and gives the exit code of that. @throws SecretsError `config_invalid` */
export const tellAuditFolder = async (folder: string, terminal: Terminal): Promise<number> => {
  const verdicts = await verifyAuditFolder(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new SecretsError('config_invalid', `The audit folder ${folder} can't be read (${cause.code}).`, { cause })
  })
  if (terminal.json)
    terminal.data(JSON.stringify(verdicts.map(({ verdict, ...rest }) => ({ ...rest, ok: verdict.ok }))))
  else for (const verdict of verdicts) terminal.data(inWords(verdict, terminal))
  if (verdicts.length === 0) throw new SecretsError('config_invalid', `There is no audit file in ${folder}.`)
  return verdicts.every(({ verdict }) => verdict.ok) ? exitCodes.ok : exitCodes.broken
}

const inWords = ({ file, records, unsealed, verdict }: AuditFileVerdict, { style }: Terminal): string => {
  if (!verdict.ok) return `${style('red', '✗')} ${file}: ${verdict.message}`
  const rest = unsealed === 0 ? '' : `; behind its end ${unsealed} lines are not sealed`
  return `${style('green', '✓')} ${file}: ${records} records, none edited, removed or reordered${rest}`
}
