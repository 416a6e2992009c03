import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { openTerminal } from '../terminal.ts'
import { readPassphrase } from './read-passphrase.ts'

const typing = (lines: readonly string[], isNew: boolean): Promise<string> => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true }) as unknown as NodeJS.ReadStream
  const rest = [...lines]
  const type = (): void => void (rest.length > 0 && stdin.push(`${rest.shift()}\r`))
  const { stdout, stderr } = process
  // After each question the terminal is told to go to the next line: then the next answer is typed.
  const ask = (text: string): void => void (text === '\n' && setImmediate(type))
  const terminal = { ...openTerminal({ env: {}, stdout, stderr }), ask }
  setImmediate(type)
  return readPassphrase({ stdin, terminal }, {}, { isNew }).then((bytes) => Buffer.from(bytes).toString())
}

describe('a passphrase from the keyboard', () => {
  it('of a store that is there is asked for once', async () => {
    expect(await typing(['correct horse'], false)).toBe('correct horse')
  })

  it('of a new store is asked for twice, and refused where the two differ', async () => {
    expect(await typing(['correct horse', 'correct horse'], true)).toBe('correct horse')
    await expect(typing(['correct horse', 'correct hosre'], true)).rejects.toMatchObject({ code: 'config_invalid' })
  })
})
