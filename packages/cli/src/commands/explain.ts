import type { ErrorCode } from '@keyplane/core'
import type { ExplanationStep } from '@keyplane/secrets'
import type { Command } from '../context.ts'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'
import { openSource } from '../secret-source.ts'
import { table } from '../terminal.ts'

/** Where a secret comes from, how old it is, and why the sources before that one did not give it. Never its value. */
export const explain: Command = async ({ folder, env, terminal }, [key = '']) => {
  const secrets = openSource(folder, env)
  try {
    const explanation = await secrets.explain(key)
    if (terminal.json) terminal.data(JSON.stringify(explanation))
    else
      terminal.data(
        table([['SOURCE', 'RESULT', 'WHY, OR WHAT'], ...explanation.steps.map(row)]).replaceAll(/ +$/gm, ''),
      )
    if (explanation.source !== undefined) return exitCodes.ok
    // A refusal or a silence outweighs that another source has no such key.
    const told = explanation.steps.find(({ result }) => result !== 'absent') ?? explanation.steps[0]
    return told?.code === undefined ? exitCodes.ok : exitCodeOf[told.code as ErrorCode]
  } finally {
    await secrets.close()
  }
}

const row = ({ source, result, code, message, version, stages, stale }: ExplanationStep): string[] => {
  if (result === 'not asked') return [source, result, '']
  if (result !== 'answered') return [source, result, `${code}: ${message}`]
  const facts = [version && `version ${version}`, stages?.join(', '), stale && `stale, for ${code}: ${message}`]
  return [source, result, facts.filter(Boolean).join('; ')]
}
