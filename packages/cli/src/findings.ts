import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** What was looked at, how it stands, and what to do about it. */
export interface Finding {
  readonly what: string
  readonly state: 'ok' | 'note' | 'problem'
  readonly mend?: string
}

/** Tells what was found; gives the exit code: whether all is well but for notes. */
export const tellFindings = (terminal: Terminal, findings: readonly Finding[]): number => {
  const isWell = findings.every(({ state }) => state !== 'problem')
  if (terminal.json) terminal.data(JSON.stringify({ ok: isWell, findings }))
  else {
    const marks = {
      ok: terminal.style('green', '✓'),
      note: terminal.style('yellow', '–'),
      problem: terminal.style('red', '✗'),
    }
    for (const { what, state, mend } of findings) terminal.data(`${marks[state]} ${what}${mend ? `\n    ${mend}` : ''}`)
  }
  return isWell ? exitCodes.ok : exitCodes.error
}
