import fc from 'fast-check'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { tomlLines } from './toml-lines.ts'

describe('the lines of a TOML text', () => {
  it.each<[string, readonly string[], number]>([
    ['a = 1\nb = 2', ['b'], 2],
    ['[t]\na = 1\n[u]\na = 2', ['u', 'a'], 4],
    ['[t.u]\na = 1', ['t', 'u', 'a'], 2],
    ['[t.u]\na = 1', ['t'], 1],
    ['t.u.a = 1', ['t', 'u', 'a'], 1],
    ['"a b" = 1\n\'c.d\' = 2', ['c.d'], 2],
    ['"a" . b = 1', ['a', 'b'], 1],
    ['x = """\nb = 2\n"""\nb = 3', ['b'], 4],
    ["x = '''\nb = 2'''\nb = 3", ['b'], 3],
    ['x = [\n  "b = 2", # ]\n  "]",\n]\nb = 3', ['b'], 5],
    ['x = "[" # [\nb = 3', ['b'], 2],
    ['x = { b = [1] }\nb = 3', ['b'], 2],
    ['x = 1\r\n[t]\r\na = """\r\nb = 2\r\n"""\r\nb = 3', ['t', 'b'], 6],
    ['[t]\nr = [\n  { a = [{ b = 1 }] },\n\n  { a = "{" }, { a = 2 },\n]', ['t', 'r', '0'], 3],
    ['[t]\nr = [\n  { a = [{ b = 1 }] },\n\n  { a = "{" }, { a = 2 },\n]', ['t', 'r', '2'], 5],
    ['r = [{ a = 1 },\n{ a = 2 }]', ['r', '1'], 2],
    ['[[r]]\na = 1\n[[r]]\na = 2', ['r', '1', 'a'], 4],
    ['[[p.r]]\na = 1\n[p.r.s]\nb = 2\n[[p.r]]\n[p.r.s]\nb = 3', ['p', 'r', '1', 's', 'b'], 7],
  ])('%j: %j stands on line %i', (text, path, line) => {
    expect(() => parse(text)).not.toThrow()
    expect(tomlLines(text)(path)).toBe(line)
  })

  it('tells nothing of what is not there', () => {
    expect(tomlLines('a = 1')(['b'])).toBeUndefined()
    expect(tomlLines('A = 1')(['a'])).toBeUndefined()
  })

  it('finds each key of any text, wherever it was written', () => {
    const value = fc.constantFrom(
      '1',
      '"x = 1"',
      "'[y]'",
      '"""\nz = 2\n[t]\n"""',
      '[\n 1, # [\n "]",\n]',
      '{ q = "}" }',
      'true',
    )
    const rows = fc.uniqueArray(fc.record({ key: fc.stringMatching(/^[a-z]{1,4}$/), value, gap: fc.nat(2) }), {
      selector: ({ key }) => key,
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(rows, (given) => {
        const lines: [string, number][] = []
        let text = ''
        for (const row of given) {
          text += '\n'.repeat(row.gap)
          lines.push([row.key, text.split('\n').length])
          text += `${row.key} = ${row.value}\n`
        }
        parse(text)
        for (const [key, line] of lines) expect(tomlLines(text)([key]), text).toBe(line)
      }),
    )
  })
})
