import { styleText } from 'node:util'

/**
 * The streams and facts of the terminal that a command speaks to: data on stdout, words on stderr. With `--json` each line
 * on stderr is a JSON object too, whose one member says what it is: `note`, `warning`, or `error`.
 */
export interface Terminal {
  /** What the command was asked for. */
  readonly data: (text: string) => void
  /** What a person wants to know besides. Silent with `--quiet`. */
  readonly words: (text: string) => void
  /** What is not right, though the command goes on; also with `--quiet`. */
  readonly warn: (text: string) => void
  /** What happens meanwhile, as it is for programs; only with `--json`, and silent with `--quiet`. */
  readonly event: (facts: object) => void
  /** A question to the person at the keyboard, as it is. */
  readonly ask: (text: string) => void
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
  const colours = color !== false && !env['NO_COLOR'] && stderr.isTTY && !json
  const tell = (text: string): void => void stderr.write(`${text}\n`)
  const message = (kind: 'note' | 'warning', text: string): string => JSON.stringify({ [kind]: { message: text } })
  return {
    data: (text) => void stdout.write(`${text}\n`),
    words: (text) => void (quiet || tell(json ? message('note', text) : text)),
    warn: (text) => tell(json ? message('warning', text) : `keyplane: ${text}`),
    event: (facts) => void (!json || quiet || tell(JSON.stringify(facts))),
    ask: (text) => void stderr.write(text),
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
