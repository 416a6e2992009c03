/** Runs the examples as their reader would, and holds what they print against what they say they print. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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

/** Runs an example where it stands, and holds what it prints against what it says. */
const expectAsSaid = async (path: string): Promise<void> => {
  const text = readFileSync(path, 'utf8')
  const exactly = saidUnder(text, 'prints')
  const among = saidUnder(text, 'prints, among other lines')
  expect(exactly ?? among, 'it ends with what it prints').toBeDefined()

  const { code, stdout, stderr } = await runProgram(path, { cwd: dirname(path) })
  expect({ code, stderr: stderr.trim() }).toEqual({ code: 0, stderr: saidUnder(text, 'says on stderr') ?? '' })
  if (exactly !== undefined) expect(steady(stdout)).toBe(steady(exactly))
  for (const line of among?.split('\n') ?? []) expect(stdout).toContain(line)
}

describe('the examples of store, rotation and service', () => {
  it.concurrent.each(['access-patterns', 'cross-account', 'rotation-http-key', 'service'])(
    '%s prints what it says',
    (name) => expectAsSaid(join(folder, '..', name, 'walk-through.ts')),
    programTimeoutMs,
  )
})

describe('the examples of the library', () => {
  it.concurrent.each(examples)('%s prints what it says', (file) => expectAsSaid(join(folder, file)), programTimeoutMs)

  it('are all in the list of docs/library.md', () => {
    const page = readFileSync(join(folder, '../../docs/library.md'), 'utf8')
    expect(examples.filter((file) => !page.includes(`| [${file}](`))).toEqual([])
  })
})
