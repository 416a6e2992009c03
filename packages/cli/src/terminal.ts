import { styleText } from 'node:util'

/** The streams and facts of the terminal that a command speaks to: data on stdout, words on stderr. */
export interface Terminal {
  /** What the command was asked for. */
  readonly data: (text: string) => void
  /** What a person wants to know besides. Silent with `--quiet`. */
  readonly words: (text: string) => void
  /** What went wrong; also with `--quiet`. */
  readonly problem: (text: string) => void
  readonly json: boolean
  readonly isInteractive: boolean
  readonly style: (style: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', text: string) => string
}

export interface TerminalOptions {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly color?: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
}

/** Colour only for people: a terminal, no `NO_COLOR`, not switched off. @see https://no-color.org */
export const openTerminal = ({ json, quiet, color, env, stdout, stderr }: TerminalOptions): Terminal => {
  const colours = color !== false && !env['NO_COLOR'] && stderr.isTTY
  return {
    data: (text) => void stdout.write(`${text}\n`),
    words: (text) => void (quiet || stderr.write(`${text}\n`)),
    problem: (text) => void stderr.write(`${text}\n`),
    json: json === true,
    isInteractive: stdout.isTTY,
    style: (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text),
  }
}

/** Rows under each other, columns wide enough for their longest cell. */
export const table = (rows: readonly (readonly string[])[], indent = ''): string => {
  const widths: number[] = []
  for (const row of rows) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)))
  return rows
    .map(
      (row) =>
        indent +
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd(),
    )
    .join('\n')
}

/** A text of somebody else's, fit for a terminal: it may not move the cursor or change a colour. */
export const printable = (text: string): string => text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?')
