/** A command of a transcript, and what has to come of it. */
export interface Step {
  readonly line: number
  readonly command: string
  /** A plane that is started and goes on while the rest runs; `stop` ends it. */
  readonly background: boolean
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  readonly code: number
}

interface OpenStep extends Step {
  readonly stdout: string[]
  readonly stderr: string[]
  code: number
}

/**
 * The steps of a transcript: `$ COMMAND`, then its stdout line by line, its stderr behind `! `, its exit code behind `= `
 * where it is not 0. `& COMMAND` starts a plane, `& stop` ends it. A line that begins with `#` is for the reader.
 */
export const parseTranscript = (text: string): Step[] => {
  const steps: OpenStep[] = []
  for (const [index, row] of text.split('\n').entries()) {
    const [sign, rest] = [row.slice(0, 2), row.slice(2)]
    const open = steps.at(-1)
    if (sign === '$ ' || sign === '& ')
      steps.push({ line: index + 1, command: rest, background: sign === '& ', stdout: [], stderr: [], code: 0 })
    else if (row.startsWith('#') || row === '') continue
    else if (!open) throw new Error(`Line ${index + 1} comes before the first command.`)
    else if (sign === '! ') open.stderr.push(rest)
    else if (sign === '= ') open.code = Number(rest)
    else open.stdout.push(row)
  }
  return steps
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** Whether a text is what a transcript expects: `…` stands for anything within a line, alone on its line for any lines. */
export const matches = (expected: readonly string[], text: string): boolean => {
  const pattern = expected.map((row) => (row === '…' ? '(?:.*\\n)*' : `${row.split('…').map(escaped).join('.*')}\\n`))
  // An empty line says nothing; a last line without its end is a line too.
  const rows = text.split('\n').filter((row) => row !== '')
  return new RegExp(`^${pattern.join('')}$`).test(rows.map((row) => `${row}\n`).join(''))
}
