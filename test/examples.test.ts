/** Runs the examples as their reader would, and holds what they print against what they say they print. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { programTimeoutMs, runProgram } from './run-program.ts'
import { steady } from './steady-text.ts'

const folder = join(import.meta.dirname, '../examples/library')
const examples = readdirSync(folder).filter((file) => /^\d\d-/.test(file))

/** The comment lines under a heading such as `// prints:`, up to the first line that is none. */
const saidUnder = (text: string, heading: string): string | undefined => {
  const [, after] = text.split(`\n// ${heading}:\n`)
  return after
    ?.split('\n')
    .slice(
      0,
      after.split('\n').findIndex((line) => !line.startsWith('//')),
    )
    .map((line) => line.replace(/^\/\/ ?/, ''))
    .join('\n')
}

describe('the examples of the library', () => {
  it.concurrent.each(examples)(
    '%s prints what it says',
    async (file) => {
      const text = readFileSync(join(folder, file), 'utf8')
      const exactly = saidUnder(text, 'prints')
      const among = saidUnder(text, 'prints, among other lines')
      expect(exactly ?? among, 'it ends with what it prints').toBeDefined()

      const { code, stdout, stderr } = await runProgram(join(folder, file), { cwd: folder })
      expect({ code, stderr: stderr.trim() }).toEqual({ code: 0, stderr: saidUnder(text, 'says on stderr') ?? '' })
      if (exactly !== undefined) expect(steady(stdout)).toBe(steady(exactly))
      for (const line of among?.split('\n') ?? []) expect(stdout).toContain(line)
    },
    programTimeoutMs,
  )

  it('are all in the list of docs/library.md', () => {
    const page = readFileSync(join(folder, '../../docs/library.md'), 'utf8')
    expect(examples.filter((file) => !page.includes(`| [${file}](`))).toEqual([])
  })
})
